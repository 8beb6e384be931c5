if command -v systemd-sysusers >/dev/null 2>&1; then
    systemd-sysusers ecert-audit.conf
elif ! getent passwd ecert-audit >/dev/null; then
    useradd --system --user-group --no-create-home --home-dir /var/lib/ecert-audit --shell /sbin/nologin ecert-audit
fi
install -d -m 0700 -o ecert-audit -g ecert-audit /var/lib/ecert-audit
install -d -m 0700 /etc/ecert-audit/credentials
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
