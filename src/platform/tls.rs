//! Whom a client trusts: the system's authorities, and the certificates of a job's `platform.ca_file`.

use super::connection::reasons;
use crate::message::Message;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;
use std::path::Path;
use std::sync::{Arc, Once};

/// Installs the implementation of cryptography that connections use; once in a process.
pub(super) fn install_cryptography() {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Only a second installation fails, and this is the first.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Makes a client trust the certificates of a file besides the authorities of the system: each as an authority, and as the
/// server's own certificate, as gateways have it that signed theirs themselves.
///
/// # Errors
/// Fails if the file cannot be read or holds no certificate in PEM form.
pub fn trusting(builder: reqwest::ClientBuilder, ca_file: Option<&Path>) -> Result<reqwest::ClientBuilder, Message> {
    install_cryptography();
    let Some(path) = ca_file else { return Ok(builder) };
    let wrong = |error: &dyn std::fmt::Display| Message::new("ca-file").with("path", path.display()).with("cause", error);
    let pem = std::fs::read(path).map_err(|error| wrong(&error))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| wrong(&error))?;
    if certificates.is_empty() {
        return Err(Message::new("ca-file-empty").with("path", path.display()));
    }
    let config = config(certificates).map_err(|error| wrong(&error))?;
    Ok(builder.tls_backend_preconfigured(config))
}

/// Builds a client. On a machine without authorities, such as a bare container, it trusts no https address, and calls http
/// ones all the same.
///
/// # Errors
/// Fails as `make` does, or if the client cannot be built.
pub fn build_client(make: impl Fn() -> Result<reqwest::ClientBuilder, Message>) -> Result<reqwest::Client, Message> {
    if let Ok(client) = make()?.build() {
        return Ok(client);
    }
    let built = make()?.tls_certs_only([]).build();
    built.map_err(|error| Message::new("no-connection").with("cause", reasons(&error)))
}

fn config(certificates: Vec<CertificateDer<'static>>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = CertificateVerifier::new(certificates, Arc::clone(&provider))?;
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// Verifies a server's certificate as the system does, except that one of the job's own file is trusted as it is: that its
/// server has the key to it proves who it is.
#[derive(Debug)]
struct CertificateVerifier {
    usual: Verifier,
    own: Vec<CertificateDer<'static>>,
}

impl CertificateVerifier {
    fn new(own: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        // One of a file that can be no authority is no hindrance: it may be the server's own.
        let usual = Verifier::new_with_extra_roots(own.clone(), Arc::clone(&provider)).or_else(|_| Verifier::new(provider))?;
        Ok(Self { usual, own })
    }
}

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.own.iter().any(|own| own == end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        self.usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}
