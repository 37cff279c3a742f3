//! Writing to a file while more is being made: the host's work for what was handed over is done in
//! a thread beside.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

/// So many pieces may wait to be written.
const WAITING: usize = 8;

/// Lets `make` hand over pieces, which go to `file`, in order, by a thread of their own; for each
/// it gets an empty buffer.
///
/// # Errors
///
/// That of the file, else that of `make`.
pub(crate) fn write_behind(
    mut file: &File,
    make: impl FnOnce(&mut dyn FnMut(Vec<u8>) -> io::Result<Vec<u8>>) -> io::Result<()>,
) -> io::Result<()> {
    thread::scope(|scope| {
        let (full, to_write) = sync_channel(WAITING);
        let (written, empty) = channel();
        let mut beside = file;
        let write = move || write_all(&mut beside, &to_write, &written);
        let Ok(writer) = thread::Builder::new().spawn_scoped(scope, write) else {
            // The host has no thread to give.
            return make(&mut |mut piece| {
                file.write_all(&piece)?;
                piece.clear();
                Ok(piece)
            });
        };
        let made = make(&mut |piece| hand_over(piece, &full, &empty));
        // The thread ends when all is written.
        drop(full);
        match writer.join() {
            Ok(outcome) => outcome.and(made),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Gives a piece to be written, and a buffer that has been, or a new one.
fn hand_over(
    piece: Vec<u8>,
    full: &SyncSender<Vec<u8>>,
    empty: &Receiver<Vec<u8>>,
) -> io::Result<Vec<u8>> {
    // The thread ends early only with an error, which is the one to tell.
    full.send(piece)
        .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
    Ok(empty.try_recv().unwrap_or_default())
}

/// Writes pieces as they come, and gives each back to be filled again.
fn write_all(
    file: &mut dyn Write,
    to_write: &Receiver<Vec<u8>>,
    written: &Sender<Vec<u8>>,
) -> io::Result<()> {
    for mut piece in to_write {
        file.write_all(&piece)?;
        piece.clear();
        // At the end nobody wants it any more.
        let _ = written.send(piece);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_made_comes_to_stand_in_the_file_in_its_order() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let path = folder.path().join("pieces");
        let file = File::create(&path).expect("it can be made");
        let pieces: Vec<String> = (0..10 * WAITING).map(|i| format!("piece {i}\n")).collect();
        write_behind(&file, |take| {
            let mut pieces = pieces.iter();
            pieces.try_for_each(|piece| take(piece.clone().into_bytes()).map(drop))
        })
        .expect("it can be written");
        let text = std::fs::read_to_string(&path).expect("it is there");
        assert_eq!(text, pieces.concat());
    }

    #[test]
    fn the_error_of_the_file_is_told_and_not_that_its_thread_is_gone() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let path = folder.path().join("read-only");
        std::fs::write(&path, "").expect("it can be written");
        let file = File::open(&path).expect("it is there");
        let error = write_behind(&file, |take| {
            (0..10 * WAITING).try_for_each(|_| take(b"piece".to_vec()).map(drop))
        });
        let error = error.expect_err("it is open for reading only");
        assert_ne!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn what_can_not_be_made_is_an_error() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let file = File::create(folder.path().join("none")).expect("it can be made");
        let error = write_behind(&file, |_| Err(io::ErrorKind::InvalidData.into()));
        let error = error.expect_err("it was not made");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
