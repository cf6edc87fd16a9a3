import CeleryCore

/// What most parts of a shift work with. It is there before them, and lasts as long as the shift.
struct ShiftParts {
    let configuration: WorkerConfiguration
    let powers: ConsumerPowers
    let registry: TaskBook
    let jobs: JobBook
    let revocations: RevocationBook
    let pool: Pool
    let ladder: ShutdownLadder
    let pushEnd: PushEnd
    let watchers: TaskWatchers
    let log: TaskLog
    /// Rings when there may be room for deliveries, and when children get ready.
    let room: Bell
    /// The wait for messages.
    let wait: IntakeWait

    func now() -> Timestamp { watchers.now() }
}
