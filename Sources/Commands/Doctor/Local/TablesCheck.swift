import CeleryCore
import Client

/// Whether the databases have the tables that this version needs.
struct TablesCheck: LocalCheck {
    let name = "tables"

    func findings(_ patient: Patient) async throws -> [Finding] {
        var found: [Finding] = []
        for database in try TableSync.databases(of: patient.settings) {
            do {
                if try !database.exists() {
                    found.append(finding(.unknown, "\(database.path) does not exist yet; the first worker or task creates it", hint: "celery syncdb"))
                } else if try await database.isOutdated() {
                    found.append(
                        finding(.warning, "\(database.path) has the tables of an earlier version; the first worker upgrades it", hint: "celery syncdb"))
                } else if try await database.missing().isEmpty {
                    found.append(finding(.ok, database.path))
                } else {
                    found.append(finding(.warning, "\(database.path) lacks tables; the first worker creates them", hint: "celery syncdb"))
                }
            } catch {
                found.append(Finding(name, error))
            }
        }
        return found
    }

    /// The database file that opening the broker or the store would create or upgrade; `nil` if there is none.
    static func unusable(_ patient: Patient) async throws -> String? {
        for database in try TableSync.databases(of: patient.settings) where database.path.hasPrefix("/") {
            if try !database.exists() { return database.path }
            if try await database.isOutdated() { return database.path }
        }
        return nil
    }
}
