import CeleryCore
import Client
import Schedules

/// The daily cleanup of expired results, under the name that Python's workers use.
struct BackendCleanup {
    let settings: Settings

    static let name = "celery.backend_cleanup"

    /// Whether results expire and the store leaves their removal to us.
    func isNeeded(_ client: Client?) throws -> Bool {
        guard settings.resultExpires != nil else { return false }
        guard let client else { return true }
        return try client.store is any ResultExpiring
    }

    /// The schedule: at 04:00 as in Python. A run expires after half a day, as the next one does its work.
    func periodic() throws -> PeriodicOptions {
        PeriodicOptions(.crontab(try Crontab("0 4 * * *")), expires: .seconds(43_200))
    }
}
