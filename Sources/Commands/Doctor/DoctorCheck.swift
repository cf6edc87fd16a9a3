import Arguments
import CeleryCore
import Client
import Configuration

/// A check of `celery doctor`: a type in a file of its own, and a row of `DoctorTable`.
protocol DoctorCheck: Sendable {
    /// The word by which findings name it.
    var name: String { get }
}

/// A check of this machine. Takes milliseconds.
protocol LocalCheck: DoctorCheck {
    /// - Throws: any error; it becomes a finding.
    func findings(_ patient: Patient) async throws -> [Finding]
}

/// A check of the broker, the result store, or both.
protocol ServerCheck: DoctorCheck {
    /// - Throws: any error; it becomes a finding.
    func findings(_ patient: Patient, _ client: Client) async throws -> [Finding]
}

/// A check of workers.
protocol FleetCheck: DoctorCheck {
    /// - Throws: any error; it becomes a finding.
    func findings(_ patient: Patient, _ client: Client, _ fleet: Fleet) async throws -> [Finding]
}

extension DoctorCheck {
    func finding(_ state: Finding.State, _ text: String, hint: String? = nil, worker: String? = nil, details: [String] = []) -> Finding {
        Finding(name, state, text, hint: hint, worker: worker, details: details)
    }
}

/// What is examined.
struct Patient: Sendable {
    let context: CommandContext
    let resolved: ResolvedSettings

    var settings: Settings { resolved.settings }
    /// The only worker to examine; `nil` examines all.
    var worker: String? { context.arguments[DoctorCommand.worker] }
    /// How long workers may take for a probe.
    var patience: Duration { context.arguments[DoctorCommand.timeout] }
}

/// The checks, in the order in which they are made.
enum DoctorTable {
    static let local: [any LocalCheck] = [
        SettingsCheck(), FilesCheck(), TablesCheck(), TasksCheck(), DiskCheck(), LibrariesCheck(), DaemonsCheck(), ServiceCheck(), MailCheck(),
        WebCheck(),
    ]
    static let servers: [any ServerCheck] = [StoreCheck(), PowersCheck(), DurabilityCheck(), DeclarationsCheck(), QueuesCheck()]
    static let fleet: [any FleetCheck] = [WorkersCheck(), ClockCheck(), ProbeCheck()]

    /// Of one worker; the rest is about this machine, which need not be the worker's.
    static let serversOfWorker: [any ServerCheck] = [StoreCheck()]
}
