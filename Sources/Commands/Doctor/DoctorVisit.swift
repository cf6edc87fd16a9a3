import CeleryCore
import Client

/// Makes the checks one after the other, and prints what they find.
struct DoctorVisit {
    private let context: CommandContext
    /// How many findings there are of each kind.
    private(set) var counts: [Finding.State: Int] = [:]

    init(_ context: CommandContext) { self.context = context }

    mutating func run() async {
        let patient: Patient
        do {
            patient = Patient(context: context, resolved: try context.resolved())
        } catch {
            return tell(Finding("settings", error))
        }
        if patient.worker == nil {
            for check in DoctorTable.local { tell(await Self.findings(check) { try await check.findings(patient) }) }
        }
        guard let client = await connect(patient) else { return }
        for check in patient.worker == nil ? DoctorTable.servers : DoctorTable.serversOfWorker {
            tell(await Self.findings(check) { try await check.findings(patient, client) })
        }
        do {
            let fleet = try await Fleet.look(patient, client)
            for check in DoctorTable.fleet { tell(await Self.findings(check) { try await check.findings(patient, client, fleet) }) }
        } catch {
            tell(Finding("workers", error))
        }
        await client.close()
    }

    /// Connects to the broker. A database that a worker would create or upgrade is left as it is.
    private mutating func connect(_ patient: Patient) async -> Client? {
        do {
            if patient.settings.brokerURL.hasPrefix("sqlite:"), let path = try await TablesCheck.unusable(patient) {
                tell(Finding("broker", .unknown, "\(path) is not opened: that would create or upgrade it"))
                return nil
            }
            let client = try context.client(patient.settings, warns: false)
            tell(await Self.findings(BrokerCheck()) { try await BrokerCheck().findings(patient, client) })
            guard !hasBrokerFailed else {
                await client.close()
                return nil
            }
            return client
        } catch {
            tell(Finding("broker", error))
            return nil
        }
    }

    /// Whether the broker could not be reached: then nothing else can be asked.
    private var hasBrokerFailed = false

    private static func findings(_ check: any DoctorCheck, _ body: () async throws -> [Finding]) async -> [Finding] {
        do {
            return try await body()
        } catch {
            return [Finding(check.name, error)]
        }
    }

    private mutating func tell(_ findings: [Finding]) { for finding in findings { tell(finding) } }

    private mutating func tell(_ finding: Finding) {
        counts[finding.state, default: 0] += 1
        if finding.check == BrokerCheck().name, finding.state == .error { hasBrokerFailed = true }
        if context.output.isQuiet, finding.state < .warning { return }
        context.output.record(finding.object, text: finding.lines)
        // A slow check must not hold back what is known.
        context.output.flush()
    }
}
