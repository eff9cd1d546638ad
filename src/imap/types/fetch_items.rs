//! The FETCH items without a section, one row each: how an item is requested, read and looked up, and when a server has it. Everything
//! else about them is made from these rows, so a new item is one row. It must not know sections, nor the item UID.

/// Calls the macro `$then` with all rows, in the order in which the items are written in a command. A row is
///
/// * what the item is, and the documentation of the method of [`Items`](super::Items) that adds it;
/// * the constant of `Items`; the name of that method, and of the method of [`Fetched`](super::Fetched) that returns the value; the kind
///   on the [tape](super::tape); the name on the wire;
/// * how the codec reads it, which also decides the type of the value;
/// * the method of [`Capabilities`](super::Capabilities) that says whether a server has it, if not every server does.
macro_rules! fetch_items {
    ($then:ident) => {
        $then! {
            "The flags." "Adds the flags."
                FLAGS flags Flags "FLAGS" flags;
            "INTERNALDATE: when the message arrived, as the server reports it."
            "Adds the date at which the server received the message."
                INTERNAL_DATE internal_date InternalDate "INTERNALDATE" date;
            "The message's size in bytes (`RFC822.SIZE`)." "Adds the size of the message in bytes."
                SIZE size Size "RFC822.SIZE" number;
            "The envelope: date, subject, addresses and message ids, as the server parses them from the header."
            "Adds the envelope."
                ENVELOPE envelope Envelope "ENVELOPE" envelope;
            "The body structure: the MIME tree with types, names and sizes (`BODYSTRUCTURE`, or `BODY` without extension data)."
            "Adds the body structure."
                BODY_STRUCTURE body_structure BodyStructure "BODYSTRUCTURE" structure;
            "The modification sequence (RFC 7162)." "Adds the modification sequence (`CONDSTORE`, RFC 7162)."
                MODSEQ modseq Modseq "MODSEQ" number_in_parentheses, condstore;
            "The message's object identifier (RFC 8474)."
            "Adds the identifier that the message has in all mailboxes (`OBJECTID`, RFC 8474)."
                EMAIL_ID email_id EmailId "EMAILID" string_in_parentheses, objectid;
            "The thread's object identifier (RFC 8474)." "Adds the identifier of the thread (`OBJECTID`, RFC 8474)."
                THREAD_ID thread_id ThreadId "THREADID" string_in_parentheses, objectid;
            "SAVEDATE: when the message was saved in this mailbox (RFC 8514)."
            "Adds the date at which the message was saved in this mailbox (`SAVEDATE`, RFC 8514)."
                SAVE_DATE save_date SaveDate "SAVEDATE" date, savedate;
            "PREVIEW: the first words of the text (RFC 8970)."
            "Adds the first words of the text (`PREVIEW`, RFC 8970). The server may have to read the message to make them."
                PREVIEW preview Preview "PREVIEW" preview, preview;
            "Gmail's identifier of the message (`X-GM-MSGID`)." "Adds Gmail's number of the message (`X-GM-EXT-1`)."
                GMAIL_MESSAGE_ID gmail_message_id GmailMessage "X-GM-MSGID" number, gmail;
            "Gmail's identifier of the thread (`X-GM-THRID`)." "Adds Gmail's number of the thread (`X-GM-EXT-1`)."
                GMAIL_THREAD_ID gmail_thread_id GmailThread "X-GM-THRID" number, gmail;
            "Gmail's labels (`X-GM-LABELS`), in modified UTF-7 as Gmail sends them." "Adds Gmail's labels (`X-GM-EXT-1`)."
                GMAIL_LABELS gmail_labels GmailLabels "X-GM-LABELS" labels, gmail;
        }
    };
}

pub(crate) use fetch_items;
