import CeleryCore
import Tasks

/// One execution of a message, from its admission to its end.
///
///     taken ──────▶ refused: expired, revoked, unknown or unreadable; it never becomes a job
///       │ admit
///       ▼
///     admitted ───▶ revoked or returned before the pool has it
///       │ submit
///       ▼
///     submitted ──▶ revoked or returned: the pool gives it back unless a child has begun it
///       │ begin
///       ▼
///     begun ──────▶ ended: it reported, was killed at a limit, or was lost with its child
///
/// A job that was revoked or returned leaves the book as one that was never tried. `celery(7)` shows the same picture.
/// One object, which belongs to the shift of the worker: it is looked up often and copied never.
final class Job {
    /// How far a job has come.
    enum Stage: Equatable {
        /// It is to run, and the pool does not have it yet.
        case admitted
        /// It is with the pool, and no child has begun it as far as is known.
        case submitted
        /// A child has begun it.
        case begun
        /// It reported, was killed or was lost.
        case ended
        /// It left the worker unbegun.
        case withdrawn
    }

    /// Its name between worker and pool. A number of our own: a worker that was taken for dead may get a message again,
    /// under the same tag, while an earlier attempt is still with its pool.
    let number: Int64
    /// The newest delivery of its message.
    private(set) var delivery: Delivery
    let definition: TaskDefinition
    /// Whether and when the execution after this one may follow.
    let retry: RetryPlan
    /// When it was admitted.
    let admitted: Timestamp
    /// The number of the execution, which a later delivery does not change.
    let attempt: Int
    private(set) var stage = Stage.admitted
    /// When a child began it.
    private(set) var began: Timestamp?
    /// The process id of the child that began it.
    private(set) var childPID: Int?
    /// Whether its delivery was acknowledged before it ran, as the task wished.
    private(set) var isAcknowledged = false
    /// Whether it is not to begin any more.
    private(set) var isRevoked = false
    /// Whether it was to go back to its queue before the pool had it.
    private var isRecalled = false
    /// Whether the store was told that it runs.
    var isTold = false
    /// The value by which the slots of its task are counted, if they are.
    var concurrencyKey: String?
    /// The handle of a slot that outlives the delivery.
    var slot: DeliveryHandle?
    /// Earlier deliveries of the same message, which end with this job.
    private(set) var otherDeliveries: [DeliveryHandle] = []
    private var request: JobRequest?

    init(_ request: JobRequest, _ delivery: Delivery, _ definition: TaskDefinition, admitted: Timestamp) {
        number = request.tag
        self.request = request
        self.delivery = delivery
        self.definition = definition
        self.admitted = admitted
        retry = request.retry
        attempt = delivery.handle.attempt
    }

    var message: Message { delivery.message }
    var id: TaskID { delivery.message.id }

    /// Seconds since it began; 0 for a job that has not.
    func seconds(until now: Timestamp) -> Double { began.map { now.seconds - $0.seconds } ?? 0 }

    // MARK: Transitions

    /// Its delivery is acknowledged: from now on only the result store knows the task.
    func acknowledge() { isAcknowledged = true }

    /// Hands it to the pool.
    ///
    /// - Returns: `nil` when it was revoked or recalled meanwhile. Then it is withdrawn.
    func submit() -> JobRequest? {
        guard stage == .admitted, !isRevoked, !isRecalled else {
            withdraw()
            return nil
        }
        stage = .submitted
        return request.take()
    }

    /// A child has begun it.
    func begin(at time: Timestamp, process: Int32) {
        stage = .begun
        began = time
        childPID = Int(process)
    }

    /// It is not to begin any more.
    ///
    /// - Returns: whether the pool must be asked for it.
    func revoke() -> Bool {
        isRevoked = true
        return stage == .submitted
    }

    /// It is to go back to its queue unless it has begun.
    ///
    /// - Returns: whether the pool must be asked for it.
    func recall() -> Bool {
        if stage == .admitted { isRecalled = true }
        return stage == .submitted
    }

    /// It has come to its end.
    func end() { stage = .ended }

    /// It leaves the worker unbegun.
    func withdraw() { stage = .withdrawn }

    /// Takes over another delivery of its message. The job settles the newest delivery, and ends the others.
    func adopt(_ handle: DeliveryHandle) {
        // A delivery of an earlier attempt is a leftover of that attempt, and only ends.
        if isAcknowledged || handle.attempt < delivery.handle.attempt {
            otherDeliveries.append(handle)
        } else {
            otherDeliveries.append(delivery.handle)
            delivery.handle = handle
        }
    }

    // MARK: Outcomes

    /// Puts an acknowledged message back into its queue, with the number it had: it has not begun.
    var sentAgain: Outcome {
        Outcome(handle: delivery.handle, results: [], followUps: [message.backToItsQueue.counting(attempts: attempt - 1)])
    }

    /// Makes outcomes of it.
    func outcomeBuilder(_ configuration: WorkerConfiguration, now: Timestamp) -> OutcomeBuilder {
        var builder = OutcomeBuilder(delivery: delivery, worker: configuration.identity.name, now: now)
        builder.attempt = attempt
        builder.started = admitted
        builder.retryEnd = retry.until
        builder.ignoresResult = message.ignoreResult ?? definition.terms.ignoreResult ?? configuration.ignoreResult
        return builder
    }
}
