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

    /// Whether a client may have given up a silent server after this time: each waits 8 s for an answer. The upper limit only
    /// tells that from TCP, which gives up after a quarter of an hour; a busy machine may need long for what comes before and after.
    package var isWaitForSilentServer: Bool { self > .seconds(7) && self < .seconds(60).onThisMachine }
}
