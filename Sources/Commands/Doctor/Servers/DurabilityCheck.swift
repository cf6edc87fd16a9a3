import CeleryCore
import Client

/// How the configuration of a server may lose what it has accepted: the persistence of Redis, for one.
struct DurabilityCheck: ServerCheck {
    let name = "durability"

    func findings(_ patient: Patient, _ client: Client) async throws -> [Finding] {
        let store = try await TablesCheck.unusable(patient) == nil ? try? client.store : nil
        let servers: [(any Sendable)?] = [client.broker, store]
        var found: [Finding] = []
        var hasAsked = false
        for case let server as any DurabilityChecking in servers.compactMap({ $0 }) {
            hasAsked = true
            found += try await server.durabilityWarnings().map { finding(.warning, $0) }
        }
        if patient.settings.durability == "normal", FilesCheck.databases(patient.settings).isEmpty == false {
            found.append(finding(.warning, "a power cut may lose the last messages and results", hint: "remove CELERY_SQLITE_DURABILITY = \"normal\", or accept that"))
        }
        return found.isEmpty && hasAsked ? [finding(.ok, "the servers keep what they accept")] : found
    }
}
