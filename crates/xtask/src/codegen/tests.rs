//! The generators on small documents, and the checked-in files.

use super::*;

#[test]
fn generated_files_are_up_to_date() {
    if let Err(faults) = run(&tree::root(), true) {
        panic!("{}", faults.join("\n"));
    }
}
