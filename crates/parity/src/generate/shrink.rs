//! The smallest request that still splits the targets.

use super::{Generator, tree};
use crate::engine::Engine;
use crate::model::{Agreement, CaseResult};

/// The most requests that are tried; a request is small long before.
const MOST_TRIES: usize = 200;

/// Sends ever smaller requests of the same kind, and gives the result of the smallest over which the targets still
/// differ in the same places.
///
/// The result of a case that no longer differs when it is sent again, that is not a generated one, or that is as small
/// as can be, is given back as it is.
pub async fn shrink(engine: &Engine, generator: &Generator, result: CaseResult) -> CaseResult {
    let Some((source, round)) = generator.source(&result.case.id) else { return result };
    let Some(mut tree) = tree(source, generator.seed, round) else { return result };
    let split = split(&result);
    let mut smallest = result;
    if split.is_empty() || !tree.simplify() {
        return smallest;
    }
    for _ in 0..MOST_TRIES {
        let case = generator.case(source, round, &tree.current());
        let tried = engine.run_case(&case).await;
        let goes_on = if self::split(&tried) == split {
            smallest = tried;
            tree.simplify()
        } else {
            tree.complicate()
        };
        if !goes_on {
            break;
        }
    }
    smallest
}

/// Who answered apart, and in which places: another difference is another finding.
///
/// Where the statuses differ, the bodies do too, each in its own way, which says nothing more.
fn split(result: &CaseResult) -> Vec<(Vec<Vec<String>>, Vec<String>)> {
    const STATUS: &str = "status";
    let splits = result.steps.iter().filter_map(|step| match &step.agreement {
        Agreement::Split { groups, differences, .. } => {
            let targets = groups.iter().map(|group| group.targets.clone()).collect();
            let places: Vec<String> = differences.iter().map(|difference| difference.place.clone()).collect();
            let is_about_status = places.iter().any(|place| place == STATUS);
            Some((targets, if is_about_status { vec![STATUS.to_owned()] } else { places }))
        }
        _ => None,
    });
    splits.collect()
}
