//! Which file a path names. Not for C: it is here because the cheap way to ask needs unsafe code.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::{fs, io};

/// Device and inode of what is at `path`, without its times. A link there is not followed: it would hide
/// that the file has been moved.
///
/// A kernel that was asked when a file last changed notes the next change exactly (Linux since 6.13), so
/// that a sync has to write the inode too. That is a fifth of a power-safe commit to a log.
pub(crate) fn at(path: &Path) -> io::Result<(u64, u64)> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if let Some(found) = ask(path) {
        return Ok(found);
    }
    let meta = fs::symlink_metadata(path)?;
    Ok((meta.dev(), meta.ino()))
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn ask(path: &Path) -> Option<(u64, u64)> {
    use std::ffi::CString;
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;

    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let mut found = MaybeUninit::<libc::statx>::zeroed();
    // For the number of links NFS asks its server, where it knows inodes by heart.
    let mask = libc::STATX_INO | libc::STATX_NLINK;
    // Not by the function of that name, which glibc before 2.28 does not have.
    //
    // SAFETY: the path ends with a NUL, and the kernel writes into `found`, which is good for it.
    let code = unsafe {
        let (call, flags) = (libc::SYS_statx, libc::AT_SYMLINK_NOFOLLOW);
        libc::syscall(call, libc::AT_FDCWD, path.as_ptr(), flags, mask, found.as_mut_ptr())
    };
    // SAFETY: it consists of integers, which were all set.
    let found = unsafe { found.assume_init() };
    let device = libc::makedev(found.stx_dev_major, found.stx_dev_minor);
    (code == 0 && found.stx_mask & libc::STATX_INO != 0).then_some((device, found.stx_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_whole_metadata_say() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for path in [folder.path(), &file, &link, Path::new("/dev/null")] {
            let meta = fs::symlink_metadata(path).unwrap();
            assert_eq!(at(path).unwrap(), (meta.dev(), meta.ino()));
            #[cfg(all(target_os = "linux", target_env = "gnu"))]
            assert_eq!(ask(path), Some((meta.dev(), meta.ino())));
        }
        assert_ne!(at(&file).unwrap(), at(&link).unwrap());
        fs::remove_file(&file).unwrap();
        assert!(at(&link).is_ok());
        for path in [&file, &folder.path().join("nul\0")] {
            assert_eq!(at(path).unwrap_err().kind(), fs::metadata(path).unwrap_err().kind());
        }
    }
}
