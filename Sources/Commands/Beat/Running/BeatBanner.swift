import CeleryCore
import Configuration

/// The lines that beat prints at startup, in the style of the worker's banner.
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

    /// The first twenty names, and the number of the others.
    static func list(_ names: [String]) -> String {
        if names.isEmpty { return "none" }
        let shown = names.prefix(20).joined(separator: ", ")
        return names.count > 20 ? "\(shown), and \(names.count - 20) more" : shown
    }
}
