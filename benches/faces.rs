//! Normalising and comparing one pair of faces, beside plain `serde_json` parsing of the same bytes:
//! `cargo bench --bench faces`.

use criterion::{Criterion, criterion_group, criterion_main};
use ecert_audit::endpoint::Side;
use ecert_audit::face::{Face, FaceRules, compare, compiled_in_rules};
use ecert_audit::platform::Envelope;
use std::hint::black_box;
use std::time::Instant;

const TYPE: &str = "11100000000013338W004";

const PROVINCE: &str = r#"{"head":{"message":"接口调用成功！","status":"0"},"data":{"total":1,"dataList":[{"fzjg":"枣庄市住房和城乡建设局","creditcode":"91370400MA3DRNW79X","fundtype":"有限责任公司","ft1":"https://www.example.cn/","zzyxqqsrq":"2022-04-13","orgcode":"113704000042365553","certholdercode":"91370400MA3DRNW79X","orglevel":"甲级","areacode":"370401","xxdz":"山东省枣庄市市中区","ZMBZDW":"枣庄市住房和城乡建设局","zzyxqjzrq":"2027-04-12","certno":"20220413","yxq":"1825","orgname":"山东鲁南科技有限公司","certholder":"山东鲁南科技有限公司","zsmc":"工程勘察资质证书","zzbfrq":"2022-04-13","bz":"无","fddbr":"马三","cert_identifier":"1.2.156.3005.2.11100000000013338W004.113704000042365553.CSXNL73MHWAJ.001.2"}]}}"#;
const CITY: &str = r#"{"head":{"message":"接口调用成功！","status":"0"},"data":{"total":1,"dataList":[{"certificateHolder":"山东鲁南科技有限公司 ","certificateValidateStart":"2022年04月13日","certificateValidateEnd":"2027年04月12日","issueDept":"枣庄市住建局","certificateID":"02-113704000042365553-51-91370400MA3DRNW79X-00-20220413","certificateName":"工程勘察资质证书","certificateHolderType":"001","certificateNumber":"20220413","issueDeptCode":"113704000042365553","certificateHolderCode":"91370400MA3DRNXXXX","detail":[],"issueDate":"2022年04月13日","digitalSign":"","certificateType":"工程勘察资质证书"}]}}"#;

fn plain() {
    for body in [PROVINCE, CITY] {
        black_box(serde_json::from_slice::<serde_json::Value>(black_box(body.as_bytes())).expect("it is JSON"));
    }
}

fn envelopes() -> [Envelope; 2] {
    [PROVINCE, CITY].map(|body| Envelope::parse(black_box(body.as_bytes())).expect("it is an answer"))
}

fn normalise_and_compare(envelopes: &[Envelope; 2], rules: &FaceRules) {
    let [province, city] = envelopes;
    let ours = Face::read(&province.objects()[0], rules, Side::Province, TYPE);
    let theirs = Face::read(&city.objects()[0], rules, Side::City, TYPE);
    let found = compare(&ours, &theirs, rules, TYPE);
    assert_eq!(found.len(), 1);
    black_box(found);
}

/// Pairs in a turn.
const ROUNDS: u32 = 2_000;

/// How much longer some work takes than plain parsing. In turns, so that a machine whose speed drifts does not decide.
fn ratio(work: &dyn Fn()) -> f64 {
    let mut ratios: Vec<f64> = (0..25)
        .map(|_| {
            let began = Instant::now();
            (0..ROUNDS).for_each(|_| plain());
            let plain_time = began.elapsed();
            let began = Instant::now();
            (0..ROUNDS).for_each(|_| work());
            began.elapsed().as_secs_f64() / plain_time.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[12]
}

fn bench(criterion: &mut Criterion) {
    let rules = compiled_in_rules();
    let parsed = envelopes();
    for (what, work) in [
        ("normalise and compare", &(|| normalise_and_compare(&parsed, &rules)) as &dyn Fn()),
        ("read the answers, normalise and compare", &|| normalise_and_compare(&envelopes(), &rules)),
    ] {
        println!("{what} a pair / serde_json parsing of the same bytes: ratio {:.2} (median of 25)", ratio(work));
    }
    let mut group = criterion.benchmark_group("a pair of faces");
    group.bench_function("serde_json parsing", |bencher| bencher.iter(plain));
    group.bench_function("reading the envelopes", |bencher| bencher.iter(|| black_box(envelopes())));
    group.bench_function("normalise and compare", |bencher| bencher.iter(|| normalise_and_compare(&parsed, &rules)));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
