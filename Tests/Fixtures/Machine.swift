import Processes

/// The machine that the tests run on.
package enum Machine {
    /// How many times slower it is than the quiet machine of two processors that limits of time were made for; at least 1.
    ///
    /// `Tests/run` measures it before it starts, and hands it over as CELERY_TEST_FACTOR. Limits that only a mistake can
    /// exceed are multiplied by it. No test takes longer for it as long as it passes.
    package static let factor: Double = max(1, Environment.current()["CELERY_TEST_FACTOR"].flatMap(Double.init) ?? 1)
}

extension Duration {
    /// This time, on a machine as slow as the present one.
    package var onThisMachine: Duration { self * Machine.factor }
}
