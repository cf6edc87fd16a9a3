import Processes

/// How many made-up inputs a fuzz test tries.
///
/// - Parameter usual: As many as there is time for in every run. `Tests/run --all` says in CELERY_TEST_FUZZ_ROUNDS how many
///   times as many are tried; they begin with the usual ones.
package func fuzzRounds(_ usual: Int) -> Int {
    usual * (Environment.current()["CELERY_TEST_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1)
}
