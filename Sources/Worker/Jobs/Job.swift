import CeleryCore
import Tasks

/// One execution of a message, from admission to end.
///
///     taken ──────▶ refused: expired, revoked, unknown or unreadable; never becomes a job
///       │ admit
///       ▼
///     admitted ───▶ revoked or returned before the pool has it
///       │ submit
///       ▼
///     submitted ──▶ revoked or returned: the pool returns it unless a child has begun it
///       │ begin
///       ▼
///     begun ──────▶ ended: reported, killed at a limit, or lost with its child
///
/// A revoked or returned job leaves the book as never tried. `celery(7)` shows the same diagram.
/// A class, isolated to the worker's shift: a job is looked up often and never copied.
final class Job {
    /// How far a job has come.
    enum Stage: Equatable {
        /// The pool does not have the job yet.
        case admitted
        /// The pool has the job and has not reported that a child began it.
        case submitted
        /// A child runs the job.
        case begun
        /// The job reported, was killed or was lost.
        case ended
        /// The job left the worker unbegun.
        case withdrawn
    }

    /// Identifies the job between worker and pool. Delivery tags are not unique enough: a worker that was taken for dead may
    /// get a message again, under the same tag, while its pool still has an earlier attempt.
    let number: Int64
    /// The newest delivery of the message.
    private(set) var delivery: Delivery
    let definition: TaskDefinition
    /// Whether and when a retry may follow this execution.
    let retry: RetryPlan
    let admitted: Timestamp
    /// The number of this execution. Later deliveries do not change the number.
    let attempt: Int
    private(set) var stage = Stage.admitted
    /// When a child began the job.
    private(set) var began: Timestamp?
    /// The process id of the child that began the job.
    private(set) var childPID: Int?
    /// Whether the delivery was acknowledged before the run, as the task's options ask.
    private(set) var isAcknowledged = false
    /// Whether the job must not begin.
    private(set) var isRevoked = false
    /// Whether the job was recalled before the pool had it.
    private var isRecalled = false
    /// Whether a STARTED result was stored.
    var isTold = false
    /// The value by which the task's concurrency slots are counted, if any.
    var concurrencyKey: String?
    /// Handle of a concurrency slot that outlives the delivery.
    var slot: DeliveryHandle?
    /// Other deliveries of the same message, acknowledged when this job ends.
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
    /// Whether the job runs in the worker itself, without a child.
    var isCall: Bool { definition.needsNoProcess }

    /// Seconds since the job began; 0 for an unbegun job.
    func seconds(until now: Timestamp) -> Double { began.map { now.seconds - $0.seconds } ?? 0 }

    // MARK: Transitions

    /// Notes that the delivery is acknowledged: from now on only the result store knows the task.
    func acknowledge() { isAcknowledged = true }

    /// Takes the request to send to the pool.
    ///
    /// - Returns: `nil` when the job was revoked or recalled meanwhile; the job is then withdrawn.
    func submit() -> JobRequest? {
        guard stage == .admitted, !isRevoked, !isRecalled else {
            withdraw()
            return nil
        }
        stage = .submitted
        return request.take()
    }

    /// Notes that a child has begun the job.
    func begin(at time: Timestamp, process: Int32) {
        stage = .begun
        began = time
        childPID = Int(process)
    }

    /// Forbids the job to begin.
    ///
    /// - Returns: Whether the pool has the job and must be asked to return it.
    func revoke() -> Bool {
        isRevoked = true
        return stage == .submitted
    }

    /// Asks for the job to be requeued unless it has begun.
    ///
    /// - Returns: Whether the pool has the job and must be asked to return it.
    func recall() -> Bool {
        if stage == .admitted { isRecalled = true }
        return stage == .submitted
    }

    func end() { stage = .ended }

    func withdraw() { stage = .withdrawn }

    /// Adopts another delivery of the message. The job settles the newest delivery and acknowledges the others.
    func adopt(_ handle: DeliveryHandle) {
        // A delivery of an earlier attempt is a leftover and only needs its acknowledgement.
        if isAcknowledged || handle.attempt < delivery.handle.attempt {
            otherDeliveries.append(handle)
        } else {
            otherDeliveries.append(delivery.handle)
            delivery.handle = handle
        }
    }

    // MARK: Outcomes

    /// The outcome that publishes an acknowledged, unbegun message again, with an unchanged attempt number.
    var sentAgain: Outcome {
        Outcome(handle: delivery.handle, results: [], followUps: [message.backToItsQueue.counting(attempts: attempt - 1)])
    }

    /// A builder for outcomes of this job.
    func outcomeBuilder(_ configuration: WorkerConfiguration, now: Timestamp) -> OutcomeBuilder {
        var builder = OutcomeBuilder(delivery: delivery, by: configuration, now: now)
        builder.attempt = attempt
        builder.started = admitted
        builder.retryEnd = retry.until
        builder.ignoresResult = message.ignoreResult ?? definition.terms.ignoreResult ?? configuration.ignoreResult
        return builder
    }
}
