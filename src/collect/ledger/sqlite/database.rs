//! [`Database`]: the database of a ledger. Opening checks all of it; each batch of changes is one transaction. It does not know what a
//! record means.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, params};

use super::row::{self, Sum};
use crate::collect::ledger::{Change, Record};
use crate::store::{Location, Lock};
use crate::{Error, Result};

const TITLE: &[u8] = b"SQLite format 3\0";
/// `PoSt`.
const APPLICATION: i32 = 0x506f_5374;
const VERSION: i32 = 1;

/// As SQLite keeps them, so that they can be compared; in the order of their names.
const TABLES: [&str; 2] = [
    "CREATE TABLE record (account TEXT NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL, header BLOB NOT NULL, size INTEGER, \
     extent TEXT NOT NULL, state TEXT NOT NULL, ticket TEXT, gone INTEGER, at INTEGER NOT NULL, sum BLOB NOT NULL, \
     PRIMARY KEY (account, key)) STRICT, WITHOUT ROWID",
    "CREATE TABLE total (only INTEGER PRIMARY KEY, records INTEGER NOT NULL, sum BLOB NOT NULL) STRICT",
];

pub(super) struct Database {
    location: Location,
    connection: Connection,
    /// A write failed, so the content of the file is unknown.
    broken: bool,
    /// Dropped last, after the connection is closed.
    _lock: Lock,
}

/// The row of `total`.
#[derive(Default, Eq, PartialEq)]
struct Total {
    records: i64,
    sum: Sum,
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let location = Location::resolve("ledger", path)?;
        let lock = Lock::take(&location)?;
        match File::open(location.path()) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => create(&location)?,
            file => check_head(&location, file)?,
        }
        let connection = connect(location.path()).map_err(|cause| failed(&location, "cannot be opened", cause))?;
        let database = Self { location, connection, broken: false, _lock: lock };
        database.verify()?;
        Ok(database)
    }

    /// Reads all of it once and checks it.
    fn verify(&self) -> Result<()> {
        match self.is_sound() {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.location.damaged("is damaged: its rows are not the ones that were written")),
            Err(cause) => Err(self.unreadable(cause)),
        }
    }

    fn is_sound(&self) -> rusqlite::Result<bool> {
        let mut tables =
            self.connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
        let tables: Vec<String> = tables.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
        if tables != TABLES {
            return Ok(false);
        }
        let check: String = self.connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
        if check != "ok" {
            return Ok(false);
        }
        let mut found = Total::default();
        let mut rows = self.connection.prepare(&format!("SELECT {} FROM record", row::COLUMNS))?;
        for row in rows.query_map((), row::read)? {
            found.records += 1;
            found.sum.toggle(row?.2);
        }
        Ok(found == Total::read(&self.connection)?)
    }

    pub(super) fn load(&self, account: &str) -> Result<Vec<Record>> {
        self.check_usable()?;
        self.records(account).map_err(|cause| self.unreadable(cause))
    }

    fn records(&self, account: &str) -> rusqlite::Result<Vec<Record>> {
        let query = format!("SELECT {} FROM record WHERE account = ?1", row::COLUMNS);
        let mut rows = self.connection.prepare_cached(&query)?;
        rows.query_map([account], |row| row::read(row).map(|(_, record, _)| record))?.collect()
    }

    pub(super) fn apply(&mut self, account: &str, changes: &[Change]) -> Result<()> {
        self.check_usable()?;
        let changed = self.change(account, changes);
        changed.map_err(|cause| {
            // SQLite notices a full disk before the commit, and rolls everything back.
            self.broken = cause.sqlite_error_code() != Some(ErrorCode::DiskFull);
            failed(&self.location, "cannot be written", cause)
        })
    }

    fn change(&mut self, account: &str, changes: &[Change]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let mut total = Total::read(&transaction)?;
        {
            let mut known = transaction.prepare_cached("SELECT sum FROM record WHERE account = ?1 AND key = ?2")?;
            let put =
                format!("REPLACE INTO record ({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)", row::COLUMNS);
            let mut put = transaction.prepare_cached(&put)?;
            let mut remove = transaction.prepare_cached("DELETE FROM record WHERE account = ?1 AND key = ?2")?;
            for change in changes {
                let key = match change {
                    Change::Put(record) => &record.key,
                    Change::Remove(key) => key,
                };
                if let Some(old) = known.query_row([account, key], |row| row.get(0)).optional()? {
                    total.records -= 1;
                    total.sum.toggle(Sum(old));
                }
                match change {
                    Change::Put(record) => {
                        let sum = Sum::of(account, record);
                        row::insert(&mut put, account, record, sum)?;
                        total.records += 1;
                        total.sum.toggle(sum);
                    }
                    Change::Remove(key) => drop(remove.execute([account, key])?),
                }
            }
        }
        total.write(&transaction)?;
        transaction.commit()
    }

    fn check_usable(&self) -> Result<()> {
        let cause = || io::Error::other("an earlier write has failed");
        if self.broken { Err(self.location.error("must be opened again", cause())) } else { Ok(()) }
    }

    fn unreadable(&self, cause: rusqlite::Error) -> Error {
        failed(&self.location, "cannot be read, is damaged, or is not a ledger", cause)
    }
}

impl Total {
    fn read(database: &Connection) -> rusqlite::Result<Self> {
        database.query_row("SELECT records, sum FROM total WHERE only = 0", (), |row| {
            Ok(Self { records: row.get(0)?, sum: Sum(row.get(1)?) })
        })
    }

    fn write(&self, database: &Connection) -> rusqlite::Result<()> {
        let put = "REPLACE INTO total (only, records, sum) VALUES (0, ?1, ?2)";
        database.prepare_cached(put)?.execute(params![self.records, self.sum.0])?;
        Ok(())
    }
}

/// Refuses a file that is not a ledger before SQLite opens it: SQLite makes a new database of a file that is short enough.
/// <https://www.sqlite.org/fileformat2.html#the_database_header>
fn check_head(location: &Location, file: io::Result<File>) -> Result<()> {
    let mut head = [0; 72];
    let read = file.and_then(|mut file| {
        let length = file.metadata()?.len();
        if length >= head.len() as u64 {
            file.read_exact(&mut head)?;
        }
        Ok(length)
    });
    let length = read.map_err(|cause| location.error("cannot be read", cause))?;
    let number = |at| head.get(at..).and_then(<[u8]>::first_chunk).map(|bytes| i32::from_be_bytes(*bytes));
    let page = u64::from(u16::from_be_bytes([head[16], head[17]]));
    if length < head.len() as u64 || head.starts_with(TITLE) && length < page {
        return Err(location.damaged(&format!("has {length} bytes: it was cut short, or is not a ledger")));
    }
    if !head.starts_with(TITLE) || number(68) != Some(APPLICATION) {
        return Err(location.damaged("is not a ledger, or damaged in its head"));
    }
    match number(60) {
        Some(VERSION) => Ok(()),
        other => {
            let text = format!("is of version {}; this library knows {VERSION}", other.unwrap_or_default());
            Err(location.damaged(&text))
        }
    }
}

/// Opens the database exclusively.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let database =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // In this mode a commit is durable when it returns: SQLite truncates the journal, and synchronises that too.
    database.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA locking_mode = EXCLUSIVE; \
         PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; BEGIN EXCLUSIVE; COMMIT",
    )?;
    database.pragma_update_and_check(None, "journal_mode", "TRUNCATE", |_| Ok(()))?;
    Ok(database)
}

/// Makes an empty ledger under another name and renames it, so that it is there complete or not at all.
fn create(location: &Location) -> Result<()> {
    let new = location.beside(".new");
    let made = make(&new).map_err(|cause| failed(location, "cannot be created", cause));
    let put = || put_new(&new, location).map_err(|cause| location.error("cannot be created", cause));
    made.and_then(|()| put()).inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

fn make(new: &Path) -> rusqlite::Result<()> {
    let _ = fs::remove_file(new);
    let connection = Connection::open(new)?;
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = OFF; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; {}",
        TABLES.join("; ")
    ))?;
    Total::default().write(&connection)?;
    connection.close().map_err(|(_, cause)| cause)
}

fn put_new(new: &Path, location: &Location) -> io::Result<()> {
    OpenOptions::new().write(true).open(new)?.sync_all()?;
    // SQLite would roll the new database back by a journal of an older one.
    match fs::remove_file(location.beside("-journal")) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
        _ => location.replace_with(new),
    }
}

fn failed(location: &Location, what: &str, cause: rusqlite::Error) -> Error {
    match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => location.busy(),
        _ => location.error(what, io::Error::other(cause)),
    }
}
