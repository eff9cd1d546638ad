//! Names for files, made from what a sender wrote. It must not know parts beyond their type and numbers.

use super::extension;

/// The most bytes of a name: the least that a common file system allows (eCryptfs), less what a program adds to tell names apart.
const MOST_BYTES: usize = 140;
/// The most bytes of what counts as an extension, without its dot.
const LONGEST_EXTENSION: usize = 16;

/// A safe name from this one; from the part's numbers if nothing is left of it. A name that the sender declares may be a path, whose last
/// component counts.
pub(super) fn safe(name: Option<&str>, is_declared: bool, media_type: &str, path: &[u32]) -> String {
    let is_slash = |c| matches!(c, '/' | '\\');
    let name = name.unwrap_or_default();
    let last = || name.rsplit(is_slash).find(|last| !last.trim().is_empty()).unwrap_or_default();
    let name = if is_declared { last() } else { name };
    let name: String = name.chars().filter_map(allowed).collect();
    let name = name.trim_matches(' ').trim_end_matches(['.', ' ']);
    // A dot at the start hides a file on Unix.
    let name = match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => name.to_owned(),
    };
    match name.chars().all(|c| matches!(c, '_' | '.' | ' ')) {
        true => of_path(path, media_type),
        false => finish(&name, media_type),
    }
}

/// A name of the part's numbers and the usual extension of its type, such as `part-2-1.pdf`.
pub(super) fn of_path(path: &[u32], media_type: &str) -> String {
    let mut name = "part".to_owned();
    for number in path {
        name.push('-');
        name.push_str(&number.to_string());
    }
    let is_text = media_type.starts_with("text/");
    let usual = extension::usual(media_type).unwrap_or(if is_text { "txt" } else { "bin" });
    with_extension(&name, usual)
}

/// With an extension, within the limit, and not reserved.
fn finish(name: &str, media_type: &str) -> String {
    let usual = extension::usual(media_type);
    let is_number = |extension: &str| extension.bytes().all(|byte| byte.is_ascii_digit());
    let (stem, extension) = match split(name) {
        Some((_, found)) if usual.is_some() && is_number(found) => (name, usual.unwrap_or_default()),
        Some(found) => found,
        None => (name, usual.unwrap_or_default()),
    };
    let name = with_extension(stem, extension);
    if is_reserved(&name) { format!("_{name}") } else { name }
}

fn with_extension(stem: &str, extension: &str) -> String {
    let dot = usize::from(!extension.is_empty());
    // One byte is left for the mark of a reserved name.
    let most = MOST_BYTES.saturating_sub(1 + dot + extension.len());
    let end = (0..=most.min(stem.len())).rev().find(|&end| stem.is_char_boundary(end)).unwrap_or(0);
    let stem = stem.get(..end).unwrap_or_default().trim_end_matches(['.', ' ']);
    [stem, if dot == 1 { "." } else { "" }, extension].concat()
}

/// The name before its extension, and the extension without its dot.
fn split(name: &str) -> Option<(&str, &str)> {
    let (stem, extension) = name.rsplit_once('.')?;
    let is_one = !extension.is_empty()
        && extension.len() <= LONGEST_EXTENSION
        && extension.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '~'));
    (is_one && !stem.trim_end_matches(['.', ' ']).is_empty()).then_some((stem, extension))
}

/// Whether Windows means a device by it, whatever its extension.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_ascii_uppercase();
    let is_port =
        |rest: &str| matches!(rest, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³");
    matches!(&*stem, "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$")
        || ["COM", "LPT"].iter().any(|port| stem.strip_prefix(port).is_some_and(is_port))
}

/// The character in a file's name: itself, one in its place, or none.
fn allowed(c: char) -> Option<char> {
    match c {
        _ if c.is_control() || is_invisible(c) => None,
        // Windows allows none of these.
        '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*' => Some('_'),
        _ if c.is_whitespace() => Some(' '),
        _ => Some(c),
    }
}

/// Whether it has no width, or changes the direction of the text around it, so that a name would not be what it seems.
fn is_invisible(c: char) -> bool {
    matches!(c,
        // Marks of direction, embeddings, overrides and isolates.
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        // Without width: joiners, fillers, selectors of variants, tags.
        | '\u{00ad}' | '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        // Line and paragraph separators; no characters.
        | '\u{2028}' | '\u{2029}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffe}' | '\u{ffff}')
        || c as u32 & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(declared: &str) -> String {
        safe(Some(declared), true, "application/pdf", &[2, 1])
    }

    #[test]
    fn names_of_senders_become_names_of_files() {
        for (declared, file) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\temp\\a.doc", "a.doc"),
            ("/", "part-2-1.pdf"),
            ("a/b/", "b.pdf"),
            ("..", "part-2-1.pdf"),
            (" . ", "part-2-1.pdf"),
            ("\u{202e}", "part-2-1.pdf"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("zero\u{200b}width\u{feff}.pdf", "zerowidth.pdf"),
            ("a\r\nb\tc\0.pdf", "abc.pdf"),
            ("what? \"no\" <a|b*c:d>.pdf", "what_ _no_ _a_b_c_d_.pdf"),
            (".bashrc", "_bashrc.pdf"),
            (".pdf", "_pdf.pdf"),
            ("CON", "_CON.pdf"),
            ("con.tar.gz", "_con.tar.gz"),
            ("Lpt¹ .txt", "_Lpt¹.txt"),
            ("COM10.txt", "COM10.txt"),
            ("a.pdf. . ", "a.pdf"),
            ("Invoice No. 5", "Invoice No. 5.pdf"),
            ("version 1.2", "version 1.2.pdf"),
            ("año\u{a0}nuevo 🐛.pdf", "año nuevo 🐛.pdf"),
            ("archive.tar.gz", "archive.tar.gz"),
        ] {
            assert_eq!(name(declared), file, "{declared:?}");
        }
        assert_eq!(safe(Some("Re: 1/2.eml"), false, "message/rfc822", &[2]), "Re_ 1_2.eml");
        assert_eq!(safe(None, false, "image/png", &[]), "part.png");
        assert_eq!(safe(None, false, "x/y", &[3]), "part-3.bin");
    }

    #[test]
    fn the_extension_stays_if_a_name_is_cut() {
        for stem in ["a".repeat(1000), "漢".repeat(300), "CON".to_owned() + &" ".repeat(500) + "x", "a. ".repeat(100)]
        {
            let cut = name(&format!("{stem}.docx"));
            assert!(cut.ends_with(".docx") && cut.len() <= MOST_BYTES, "{cut}");
            assert!(!is_reserved(&cut), "{cut}");
        }
        let long = name(&format!("a.{}", "b".repeat(1000)));
        assert!(long.len() <= MOST_BYTES && long.ends_with(".pdf"), "{long}");
    }

    /// What file systems refuse, change, or take for something else.
    fn check(file: &str) {
        assert!(!file.is_empty() && file.len() <= MOST_BYTES, "{file:?}");
        assert!(!file.starts_with(['.', ' ']) && !file.ends_with(['.', ' ']), "{file:?}");
        let is_bad =
            |c: char| c.is_control() || "/\\:*?\"<>|".contains(c) || is_invisible(c) || c != ' ' && c.is_whitespace();
        assert!(!file.contains(is_bad), "{file:?}");
        assert!(!is_reserved(file), "{file:?}");
        let path = std::path::Path::new("/folder").join(file);
        assert_eq!((path.parent(), path.file_name()), (Some("/folder".as_ref()), Some(file.as_ref())));
    }

    /// Names that come near the rules.
    fn awkward() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            prop::sample::select(vec![
                ".",
                "..",
                "/",
                "\\",
                " ",
                "CON",
                "nul",
                "LPT1",
                "COM¹",
                ":",
                "\u{202e}",
                "\u{200b}",
                "\0",
                "\r\n",
                "~",
                ".exe",
                ".pdf",
                "é",
                "漢",
                "🐛",
                "\u{e0041}",
                "\u{ad}",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    fn media_type() -> impl Strategy<Value = String> {
        let known = prop::sample::select(vec!["application/pdf", "text/plain", "image/png", "x/y", "", "text/"]);
        prop_oneof![known.prop_map(str::to_owned), any::<String>()]
    }

    proptest! {
        #[test]
        fn every_text_becomes_a_safe_name(
            name in awkward(),
            is_declared in any::<bool>(),
            media_type in media_type(),
            path in prop::collection::vec(any::<u32>(), 0..100),
        ) {
            let file = safe(Some(&name), is_declared, &media_type, &path);
            check(&file);
            // It is the name of itself.
            prop_assert_eq!(safe(Some(&file), true, &media_type, &path), file);
        }

        #[test]
        fn an_arbitrary_text_becomes_a_safe_name(name in any::<String>(), path in prop::collection::vec(any::<u32>(), 0..100)) {
            check(&safe(Some(&name), true, "application/pdf", &path));
            check(&of_path(&path, "application/pdf"));
        }
    }
}
