//! SCRAM by the RFCs' examples, and against servers that cheat.

use super::super::choice::tests_context as context;
use super::super::vectors::text;
use super::*;

/// RFC 5802 §5.
const SHA1: Example = Example {
    hash: Hash::Sha1,
    bound: None,
    nonce: "fyko+d2lbbFgONRv9qkxdawL",
    client_first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
    server_first: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    client_final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    server_final: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
};

/// RFC 7677 §3.
const SHA256: Example = Example {
    hash: Hash::Sha256,
    bound: None,
    nonce: "rOprNGfwEbeRWgbNEkqO",
    client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
    server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    server_final: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

/// Computed by an independent program (Python's hashlib) with the values of RFC 7677 §3; the data of the bindings is the bytes 0 to 31.
const COMPUTED: [Example; 6] = [
    Example {
        hash: Hash::Sha224,
        bound: None,
        nonce: "rOprNGfwEbeRWgbNEkqO",
        client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=G+jImI3JVyfKziL8SmvWt6s7DBkoCRivS4b9Pw==",
        server_final: "v=zuajyFap+TnHcERV1KnuwlZyj4z6WE33aYPCfA==",
    },
    Example {
        hash: Hash::Sha384,
        bound: None,
        nonce: "rOprNGfwEbeRWgbNEkqO",
        client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=38QOLqcXFnyvjFUdM4HfSjz5ppcQ02OwnS5CmEK4PniDQJkN2DCKR1oAI+y+NRKq",
        server_final: "v=v1W3CC5HNLFnGJ2Zbpb5jeIDxX1hpghXPjWlFWLvikI2N0FYuk/W6bRRifnIXxTe",
    },
    Example {
        hash: Hash::Sha512,
        bound: None,
        nonce: "rOprNGfwEbeRWgbNEkqO",
        client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
        server_final: "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
    },
    Example {
        hash: Hash::Sha256,
        bound: Some("tls-exporter"),
        nonce: "rOprNGfwEbeRWgbNEkqO",
        client_first: "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        client_final: "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=",
        server_final: "v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs=",
    },
    Example {
        hash: Hash::Sha512,
        bound: Some("tls-server-end-point"),
        nonce: "rOprNGfwEbeRWgbNEkqO",
        client_first: "p=tls-server-end-point,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        client_final: "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=nUe1i4s2cekqhb7FffOD5zf+Z5ND38FUAFbPlUjSAwoyboI7VOhAtMMUAAy8HJsUz3Yj/DT0ORLFrxG7KFQhCg==",
        server_final: "v=EZ1ynPIwK8As82frRzuwOuJuRxiciscpscrKTaNvot0mx0lgtMvUrjImXTwwOZwJlj5Di09qjLHj0Q4mhV2gJA==",
    },
    Example {
        hash: Hash::Sha256,
        bound: Some("y"),
        nonce: "rOprNGfwEbeRWgbNEkqO",
        client_first: "y,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        client_final: "c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY=",
        server_final: "v=dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U=",
    },
];

struct Example {
    hash: Hash,
    /// The type of channel binding; `y` if none was offered.
    bound: Option<&'static str>,
    nonce: &'static str,
    client_first: &'static str,
    server_first: &'static str,
    client_final: &'static str,
    server_final: &'static str,
}

impl Example {
    fn begin(&self) -> Scram {
        let mut scram = self.client(&Login::password("user", "pencil"));
        assert_eq!(scram.start().unwrap().unwrap().expose(), self.client_first.as_bytes());
        assert!(!scram.proof_sent() && scram.is_slow());
        scram
    }

    fn client(&self, login: &Login) -> Scram {
        let flag = match self.bound {
            None => BindingFlag::Unsupported,
            Some("y") => BindingFlag::NotOffered,
            Some(name) => BindingFlag::Bound(name, (0..32).collect::<Vec<u8>>().into()),
        };
        Scram::new(self.hash, login, context(None).iterations, self.nonce.to_owned(), &flag).unwrap()
    }

    /// As far as the client's proof.
    fn said(&self) -> Scram {
        let mut scram = self.begin();
        assert_eq!(scram.step(self.server_first.as_bytes()).unwrap().expose(), self.client_final.as_bytes());
        assert!(scram.proof_sent() && !scram.is_slow());
        scram
    }
}

/// One vector of the corpus.
pub(in crate::sasl) fn holds(vector: &serde_json::Value) {
    let hash = match text(vector, "mechanism") {
        "SCRAM-SHA-1" => Hash::Sha1,
        "SCRAM-SHA-256" => Hash::Sha256,
        _ => Hash::Sha512,
    };
    // These vectors bind to a URL instead of the connection's data.
    let data = || "imap://elwood.innosoft.com/".into();
    let (header, flag) = match vector["test"].as_str().unwrap_or_default() {
        test if test.ends_with("PlusTlsServerEndpoint") => {
            ("p=tls-server-end-point", BindingFlag::Bound("tls-server-end-point", data()))
        }
        test if test.ends_with("PlusTlsUnique") => ("p=tls-unique", BindingFlag::Bound("tls-unique", data())),
        _ => ("n", BindingFlag::Unsupported),
    };
    let nonce =
        ["cnonce", "entropy"].iter().find(|name| vector[name].is_string() || vector["values"][name].is_string());
    let nonce = text(vector, nonce.unwrap());
    let begun = || {
        let mut scram =
            Scram::new(hash, &Login::password("user", "pencil"), 1_000_000, nonce.to_owned(), &flag).unwrap();
        assert_eq!(scram.start().unwrap().unwrap().expose(), format!("{header},,n=user,r={nonce}").as_bytes());
        scram
    };
    if vector["must_fail"].is_string() {
        return assert!(begun().step(text(vector, "server_first").as_bytes()).is_err(), "{vector}");
    }
    let own = vector["server_first"].is_string();
    let [first, proof, signature] =
        if own { ["server_first", "client_final", "server_final"] } else { ["challenge1", "expected", "challenge2"] };
    let said = || {
        let mut scram = begun();
        let answer = scram.step(text(vector, first).as_bytes()).unwrap();
        assert_eq!(answer.expose(), text(vector, proof).as_bytes(), "{vector}");
        scram
    };
    let mut scram = said();
    scram.step(text(vector, signature).as_bytes()).unwrap();
    scram.finish().unwrap();
    for error in vector["errors"].as_array().into_iter().flatten() {
        let mut scram = said();
        assert!(scram.step(text(error, "server").as_bytes()).is_err() && scram.finish().is_err(), "{error}");
    }
    if vector["values"]["salt"].is_string() {
        let [nonce, salt, count] = ["nonce", "salt", "iterations"].map(|part| text(vector, part));
        for lacking in [format!("{salt},{count}"), format!("{nonce},{count}"), format!("{nonce},{salt}")] {
            assert!(begun().step(lacking.as_bytes()).is_err(), "{lacking}");
        }
    }
}

#[test]
fn the_examples_of_the_rfcs() {
    for example in [SHA1, SHA256].into_iter().chain(COMPUTED) {
        let mut scram = example.said();
        assert_eq!(scram.finish().unwrap_err().kind(), Kind::Protocol);
        assert_eq!(scram.step(example.server_final.as_bytes()).unwrap().expose(), b"");
        scram.finish().unwrap();
        assert_eq!(scram.step(example.server_final.as_bytes()).unwrap_err().kind(), Kind::Protocol);
        assert!(scram.finish().is_err());
    }
}

#[test]
fn a_server_without_the_password_is_not_believed() {
    let other = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=";
    let cut = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A==";
    for message in [other, cut, "v=", "v=!!!!", "", "x", "v", "\u{fc}", "w=abcd", SHA1.server_final] {
        let mut scram = SHA256.said();
        assert_eq!(scram.step(message.as_bytes()).unwrap_err().kind(), Kind::Protocol, "{message:?}");
        assert!(scram.finish().is_err());
        assert!(scram.step(SHA256.server_final.as_bytes()).is_err(), "there is no second try");
    }
    assert!(SHA256.said().step(b"\xff\xfe").is_err());
}

#[test]
fn the_servers_own_word_for_a_refusal_is_told() {
    let error = SHA256.said().step(b"e=invalid-proof").unwrap_err();
    assert_eq!(error.kind(), Kind::Login);
    assert!(error.to_string().contains("invalid-proof"));
}

#[test]
fn what_the_server_says_about_channel_binding_is_no_wrong_password() {
    for (word, other_type) in [
        ("channel-bindings-dont-match", false),
        ("server-does-support-channel-binding", false),
        ("channel-binding-not-supported", false),
        ("unsupported-channel-binding-type", true),
    ] {
        // In its place by the grammar, and in place of the server's first message.
        for mut scram in [SHA256.begin(), SHA256.said()] {
            let error = scram.step(format!("e={word}").as_bytes()).unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (Kind::Tls, false), "{word}");
            assert_eq!(scram.lacks_binding_type(), other_type, "{word}");
            assert!(scram.finish().is_err());
        }
    }
}

#[test]
fn a_first_message_that_is_not_in_the_grammar_is_refused() {
    let (nonce, salt) = ("rOprNGfwEbeRWgbNEkqOserver", "W22ZaJ0SNY7soEsUEjb6gQ==");
    let good = format!("r={nonce},s={salt},i=4096");
    assert!(SHA256.begin().step(good.as_bytes()).is_ok());
    assert!(SHA256.begin().step(format!("{good},x=y,z=1").as_bytes()).is_ok(), "extensions are passed over");
    for bad in [
        String::new(),
        format!("r={nonce}"),
        format!("r={nonce},s={salt}"),
        format!("s={salt},r={nonce},i=4096"),
        format!("r={nonce},s=,i=4096"),
        format!("r={nonce},s=***,i=4096"),
        format!("r={nonce},s={salt},i="),
        format!("r={nonce},s={salt},i=-4096"),
        format!("r={nonce},s={salt},i=+4096"),
        format!("r={nonce},s={salt},i=04096"),
        format!("r={nonce},s={salt},i=4096.0"),
        format!("r={nonce} ,s={salt},i=4096"),
        format!("m=new,r={nonce},s={salt},i=4096"),
        format!("{good},m=new"),
        format!("{good},"),
        format!("{good},x"),
    ] {
        let mut scram = SHA256.begin();
        assert_eq!(scram.step(bad.as_bytes()).unwrap_err().kind(), Kind::Protocol, "{bad:?}");
        assert!(scram.step(good.as_bytes()).is_err(), "there is no second try");
    }
}

#[test]
fn a_nonce_that_is_not_ours_and_the_servers_is_refused() {
    for nonce in
        ["rOprNGfwEbeRWgbNEkqO", "rOprNGfwEbeRWgbNEkq", "ROprNGfwEbeRWgbNEkqOserver", "server", "xrOprNGfwEbeRWgbNEkqO"]
    {
        let message = format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
        assert_eq!(SHA256.begin().step(message.as_bytes()).unwrap_err().kind(), Kind::Protocol, "{nonce}");
    }
}

#[test]
fn iterations_are_neither_few_nor_many() {
    let step = |iterations: &str| {
        let message = format!("r=rOprNGfwEbeRWgbNEkqOserver,s=W22ZaJ0SNY7soEsUEjb6gQ==,i={iterations}");
        SHA256.begin().step(message.as_bytes()).map(drop).map_err(|error| error.kind())
    };
    assert_eq!(step("1"), Err(Kind::Protocol));
    assert_eq!(step("4095"), Err(Kind::Protocol));
    assert_eq!(step("4096"), Ok(()));
    assert_eq!(step("10000"), Ok(()));
    assert_eq!(step("10001"), Err(Kind::Limit));
    assert_eq!(step("4294967296"), Err(Kind::Limit));
    assert_eq!(step(&"9".repeat(10_000)), Err(Kind::Limit));
}

#[test]
fn names_are_escaped_and_prepared() {
    let first = |login: &Login| {
        let first = SHA256.client(login).start().unwrap().unwrap();
        String::from_utf8(first.expose().to_vec()).unwrap()
    };
    let login = Login::password("a=b,c", "pencil").authorize_as("x,y");
    assert_eq!(first(&login), "n,a=x=2Cy,n=a=3Db=2Cc,r=rOprNGfwEbeRWgbNEkqO");
    // RFC 4013 §3: a soft hyphen maps to nothing, a Roman numeral to its letters.
    assert_eq!(first(&Login::password("I\u{AD}X\u{2163}", "x")), "n,,n=IXIV,r=rOprNGfwEbeRWgbNEkqO");
    assert!(serves(&Login::password("me", "pässwörd")));
    for (user, password) in [("me", "\u{7}"), ("me", "\u{627}1"), ("\u{AD}", "x"), ("me", "\u{AD}")] {
        assert!(!serves(&Login::password(user, password)), "{user:?} {password:?}");
    }
}

#[test]
fn the_binding_repeats_the_header_with_the_authorization() {
    let mut scram = SHA256.client(&Login::password("user", "pencil").authorize_as("you"));
    let message = "r=rOprNGfwEbeRWgbNEkqOserver,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    let answer = scram.step(message.as_bytes()).unwrap();
    let expected = format!("c={},r=", STANDARD.encode("n,a=you,"));
    assert!(answer.expose().starts_with(expected.as_bytes()));
}
