//! The words generated mail is made of.

/// Given names.
pub const GIVEN: &[&str] = &[
    "Ada",
    "Bo",
    "Carmen",
    "Dimitri",
    "Eleanor",
    "Farid",
    "Gudrun",
    "Hiroshi",
    "Ingeborg",
    "Joaquim",
    "Katarzyna",
    "Lev",
    "Mireille",
    "Nnamdi",
    "Oona",
    "Priyanka",
];
/// Family names.
pub const FAMILY: &[&str] = &[
    "Abernathy",
    "Bauer",
    "Castellanos",
    "Dijkhuis",
    "Eriksson",
    "Fontaine",
    "Gruber",
    "Haraldsen",
    "Ito",
    "Janssens",
    "Kovalenko",
    "Lindqvist",
    "Mbeki",
    "Novotny",
    "Okafor",
    "Petrescu",
];
/// Names that are not ASCII, as encoded words.
pub const ENCODED: &[&str] = &[
    "=?UTF-8?Q?J=C3=BCrgen_M=C3=BCller?=",
    "=?UTF-8?B?5bGx55SwIOWkqumDjg==?=",
    "=?iso-8859-1?Q?Fran=E7ois_Lef=E8vre?=",
    "=?UTF-8?Q?=C5=81ukasz_D=C4=85browski?=",
];
/// Domains.
pub const DOMAIN: &[&str] =
    &["example.org", "mail.example.com", "lists.example.net", "corp.example.co.uk", "uni.example.edu", "example.de"];
/// Words of subjects, texts and file names.
pub const WORD: &[&str] = &[
    "agenda",
    "backup",
    "contract",
    "delivery",
    "estimate",
    "feedback",
    "greenhouse",
    "handover",
    "invoice",
    "journey",
    "keyboard",
    "library",
    "minutes",
    "newsletter",
    "outage",
    "proposal",
    "quarterly",
    "reminder",
    "schedule",
    "tickets",
    "update",
    "visit",
    "warranty",
    "the",
    "of",
    "for",
    "and",
    "to",
    "a",
    "in",
    "next",
    "our",
];
/// Flags, system ones and keywords.
pub const FLAG: &[&str] =
    &["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$Forwarded", "$MDNSent", "NonJunk", "$label1"];
/// Days of the week, from Thursday, 1 January 1970.
pub const DAY: &[&str] = &["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
/// Months.
pub const MONTH: &[&str] = &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Zones and their distance from UTC in seconds.
pub const ZONE: &[(&str, i64)] = &[
    ("+0000", 0),
    ("+0100", 3600),
    ("+0200", 7200),
    ("-0500", -18000),
    ("-0800", -28800),
    ("+0530", 19800),
    ("+0900", 32400),
];
/// Attachments: type, subtype, extension of the file name.
pub const ATTACHMENT: &[(&str, &str, &str)] = &[
    ("application", "pdf", "pdf"),
    ("image", "jpeg", "jpg"),
    ("image", "png", "png"),
    ("application", "octet-stream", "bin"),
    ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("text", "calendar", "ics"),
];
