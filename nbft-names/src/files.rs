//! Files, written atomically.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{Error, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nbft_common::command::failure::{Exit, Failure};

/// A file to write.
#[derive(Debug)]
pub struct Document {
    /// Name, without a directory.
    pub file: String,
    /// Content.
    pub text: String,
    /// Permissions.
    pub mode: u32,
    /// Whether standard output shows a line with the name before the content.
    pub header: bool,
}

/// Writes files into a directory, which is created if missing, and returns their paths, one per line.
///
/// # Errors
/// [`Exit::Data`] when two files have the same name, before any is written; [`Exit::Output`] for the first file that
/// cannot be written.
pub fn write(directory: &OsStr, documents: &[Document]) -> Result<String, Failure> {
    let mut names: Vec<&str> = documents.iter().map(|document| document.file.as_str()).collect();
    names.sort_unstable();
    if let Some([twice, _]) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(Failure::new(
            Exit::Data,
            format!("the format gives the file {twice} twice"),
        ));
    }
    let directory = Path::new(directory);
    let failed = |path: &Path, error: &Error| Failure::io(Exit::Output, path.display(), error);
    if !documents.is_empty() {
        fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    }
    let mut written = String::new();
    for document in documents {
        let path = directory.join(&document.file);
        replace(&path, document).map_err(|error| failed(&path, &error))?;
        written.push_str(&path.to_string_lossy());
        written.push('\n');
    }
    Ok(written)
}

/// Writes a hidden file in the same directory, and renames it once it is complete.
fn replace(path: &Path, document: &Document) -> Result<(), Error> {
    let temporary = path.with_file_name(format!(".{}.{}", document.file, std::process::id()));
    let made = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(document.text.as_bytes())?;
        // Not with the mode of `open`, which the umask would reduce.
        file.set_permissions(Permissions::from_mode(document.mode))?;
        drop(file);
        fs::rename(&temporary, path)
    })();
    if made
        .as_ref()
        .is_err_and(|error| error.kind() != std::io::ErrorKind::AlreadyExists)
    {
        let _ = fs::remove_file(&temporary);
    }
    made
}
