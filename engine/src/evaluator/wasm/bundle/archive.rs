//! Reads a compressed archive into memory: within limits, and nothing that would lie elsewhere or twice.

use std::collections::BTreeMap;
use std::io::{Read, Take};

use flate2::bufread::GzDecoder;
use tar::{Archive, EntryType};

use super::super::fault;
use crate::evaluator::PolicyFault;

/// Bytes of all that the archive holds, unpacked.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Files of an archive.
const MAX_FILES: usize = 10_000;
/// Bytes of a path.
const MAX_PATH: usize = 1024;

/// The files of an archive by their paths, without a slash in front.
pub(super) fn read(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, PolicyFault> {
    let mut archive = Archive::new(GzDecoder::new(bytes).take(MAX_BYTES + 1));
    let mut files = BTreeMap::new();
    let mut count = 0_usize;
    for entry in archive.entries().map_err(|_| broken())? {
        let mut entry = entry.map_err(|_| broken())?;
        count += 1;
        if count > MAX_FILES {
            return Err(fault::load(format!(
                "the bundle holds more than {MAX_FILES} files"
            )));
        }
        let path = path(&entry.path_bytes())?;
        match entry.header().entry_type() {
            EntryType::Regular => {}
            EntryType::Directory => continue,
            _ => {
                return Err(fault::load(
                    "the bundle holds something else than files: a link, a device or the like",
                ));
            }
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|_| broken())?;
        if u64::try_from(content.len()).ok() != entry.header().size().ok() {
            return Err(fault::load("a file of the bundle has two sizes"));
        }
        if files.insert(path, content).is_some() {
            return Err(fault::load("the bundle holds a file twice"));
        }
    }
    check_end(archive.into_inner())?;
    Ok(files)
}

/// Checks that nothing hides behind the end of the archive or of its compression.
fn check_end(mut stream: Take<GzDecoder<&[u8]>>) -> Result<(), PolicyFault> {
    let mut block = [0_u8; 4096];
    loop {
        match stream.read(&mut block).map_err(|_| broken())? {
            0 => break,
            length if block.iter().take(length).all(|byte| *byte == 0) => {}
            _ => return Err(fault::load("something follows the end of the bundle")),
        }
    }
    if stream.limit() == 0 {
        return Err(fault::load(format!(
            "the bundle is larger than {MAX_BYTES} bytes when it is unpacked"
        )));
    }
    if stream.into_inner().into_inner().is_empty() {
        Ok(())
    } else {
        Err(fault::load("something follows the end of the bundle"))
    }
}

fn broken() -> PolicyFault {
    fault::load("the file is no bundle: a tar archive, compressed with gzip")
}

/// The path of a file, which may only lead downwards.
fn path(bytes: &[u8]) -> Result<String, PolicyFault> {
    let refused = || fault::load("the bundle holds a file whose path leads elsewhere");
    let path = std::str::from_utf8(bytes).map_err(|_| refused())?;
    // OPA itself begins every path with a slash.
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_prefix("./").unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    let has_odd = path
        .chars()
        .any(|character| character.is_control() || matches!(character, '\\' | ':'));
    if path.len() > MAX_PATH || has_odd || !(path.is_empty() || path.split('/').all(is_plain)) {
        return Err(refused());
    }
    Ok(path.to_owned())
}
