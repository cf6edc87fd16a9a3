import CeleryCore
import Configuration

/// What a beat says of itself at the start, in the manner of the worker's banner.
struct BeatBanner {
    let settings: Settings
    let broker: String
    let store: String
    let entries: [String]

    var lines: [String] {
        [
            "Celery \(Version.text) beat is starting.",
            "Configuration ->",
            "    . Broker -> \(broker)",
            "    . Result store -> \(store)",
            "    . Beat -> \(settings.beatName)",
            "    . Periodic tasks -> \(Self.list(entries))",
        ]
    }

    /// The first twenty of them.
    static func list(_ names: [String]) -> String {
        if names.isEmpty { return "none" }
        let shown = names.prefix(20).joined(separator: ", ")
        return names.count > 20 ? "\(shown), and \(names.count - 20) more" : shown
    }
}
