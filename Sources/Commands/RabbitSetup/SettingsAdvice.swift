import CeleryCore
import Configuration

/// The settings still missing from `celery.toml`, with advice on where to put them.
///
/// The lines can be appended to the file unchanged: lines that would contradict the file, or would become part of
/// a table at its end, are comments, and a hint shows where they belong.
struct SettingsAdvice {
    /// The lines that are missing from the file or differ.
    let lines: [String]
    /// The heading or warning about the lines.
    let remark: String
    /// Where the lines belong, if not at the end of the file.
    var hint: String?

    /// - Parameter file: the settings file; `nil` if there is none yet.
    init(_ wanted: SettingsLines, _ wish: SetupWish, password: Secret?, _ file: WrittenSettings?) {
        guard let file else {
            (lines, remark) = (wanted.lines, "settings for celery.toml:")
            return
        }
        let comparison = Comparison(file: file, wanted: wanted.settings, wish: wish, password: password)
        let open = wanted.entries.filter { comparison.verdict(on: $0.name) != .there }
        let other = Set(open.flatMap { comparison.verdict(on: $0.name).lines }).sorted()
        if open.isEmpty {
            (lines, remark) = ([], "nothing to add to \(file.shown): its settings already lead to this broker")
        } else if !other.isEmpty {
            lines = open.map { Self.comment($0.line) }
            remark = "warning: \(file.shown) has other settings in line\(other.count == 1 ? "" : "s") \(NumberList.text(other))"
            hint = "replace \(other.count == 1 ? "that line" : "those lines") with these, without the #"
        } else if let table = file.firstTable {
            lines = open.map { Self.comment($0.line) }
            remark = "warning: \(file.shown) ends in a table, which would include lines appended to the file"
            hint = "put these lines before line \(table), where the first table begins, without the #"
        } else {
            (lines, remark) = (open.map(\.line), "settings for \(file.shown):")
        }
    }

    private static func comment(_ line: String) -> String { line.hasPrefix("#") ? line : "# \(line)" }
}

extension SettingsAdvice {
    /// Compares a settings file with the wanted settings.
    private struct Comparison {
        let file: WrittenSettings
        let wanted: JSONObject
        let wish: SetupWish
        let password: Secret?

        enum Verdict: Equatable {
            case there, missing
            /// The file has other values in these lines.
            case otherwise([Int])

            var lines: [Int] { if case .otherwise(let lines) = self { lines } else { [] } }
        }

        func verdict(on name: String) -> Verdict {
            switch name {
            case "CELERY_QUEUES":
                guard let line = file.lines[name] else { return .missing }
                let written = file.settings.queues + [file.settings.defaultQueue]
                return wish.queues.allSatisfy { written.contains($0.name) } ? .there : .otherwise([line])
            case "CELERY_DEFAULT_QUEUE_TYPE":
                guard let line = file.lines[name] else { return .missing }
                return file.settings.queueType.rawValue == wanted[name]?.stringValue ? .there : .otherwise([line])
            default: return verdictOnBroker(name)
            }
        }

        private static let parts = ["AMQP_SERVER", "AMQP_PORT", "AMQP_USER", "AMQP_PASSWORD", "AMQP_VHOST"]

        private func verdictOnBroker(_ name: String) -> Verdict {
            let parts = Self.parts.compactMap { file.lines[$0] }
            guard let url = (try? ServiceURL.alternatives(file.settings.brokerURL))?.first else { return .missing }
            if let line = file.lines["CELERY_BROKER_URL"] {
                return leadsThere(url) ? .there : .otherwise([line] + parts)
            }
            if parts.isEmpty { return .missing }
            guard Self.parts.contains(name) else { return leadsThere(url) ? .there : .otherwise(parts) }
            let isSame =
                switch name {
                case "AMQP_SERVER": url.host == wanted[name]?.stringValue
                case "AMQP_PORT": url.port == wanted[name]?.intValue
                case "AMQP_USER": url.user == wish.user
                case "AMQP_PASSWORD": hasPassword(url) && url.password != nil
                default: url.virtualHost == wish.vhost
                }
            if isSame { return .there }
            return file.lines[name].map { .otherwise([$0]) } ?? .missing
        }

        /// Whether the URL leads to the wanted user and virtual host. Host and port are not compared: the file's count.
        private func leadsThere(_ url: ServiceURL) -> Bool {
            let isSchemeRight = wanted["CELERY_BROKER_URL"] == nil ? url.service == .amqp : url.scheme == "amqps"
            return isSchemeRight && url.user ?? "guest" == wish.user && url.virtualHost == wish.vhost && hasPassword(url)
        }

        /// Whether the password matches; an unknown password is assumed to.
        private func hasPassword(_ url: ServiceURL) -> Bool { password.map { $0.text == url.password } ?? true }
    }
}
