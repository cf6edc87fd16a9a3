import CeleryCore
import Client
import Schedules

/// The daily cleanup of expired results, under the name that Python's workers know too.
struct BackendCleanup {
    let settings: Settings

    static let name = "celery.backend_cleanup"

    /// Whether there are results to clean up where results are kept.
    func isNeeded(_ client: Client?) throws -> Bool {
        guard settings.resultExpires != nil else { return false }
        guard let client else { return true }
        return try client.store is any ResultExpiring
    }

    /// At four in the morning, as in Python; one that waited for half a day is left to the next.
    func periodic() throws -> PeriodicOptions {
        PeriodicOptions(.crontab(try Crontab("0 4 * * *")), expires: .seconds(43_200))
    }
}
