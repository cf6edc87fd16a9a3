import CeleryCore

/// Metrics as Prometheus reads them: its text format 0.0.4, or OpenMetrics 1.0.
struct MetricsText: Sendable {
    enum Format: Sendable, Equatable {
        case prometheus, openMetrics

        /// The format that a client accepts; Prometheus itself asks for OpenMetrics first.
        init(accept: String?) {
            self = accept?.contains(text: "application/openmetrics-text") == true ? .openMetrics : .prometheus
        }

        var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }
    }

    let format: Format

    func text(_ families: [MetricFamily]) -> String {
        var text = ""
        for family in families where !family.samples.isEmpty { write(family, to: &text) }
        if format == .openMetrics { text += "# EOF\n" }
        return text
    }

    private func write(_ family: MetricFamily, to text: inout String) {
        let total = family.kind == .counter ? "_total" : ""
        // OpenMetrics names a counter without its suffix.
        let title = format == .openMetrics ? family.name : family.name + total
        text += "# HELP \(title) \(Self.escaped(family.help, quote: format == .openMetrics))\n"
        text += "# TYPE \(title) \(family.kind.rawValue)\n"
        for sample in family.samples {
            text += family.name + (sample.suffix.isEmpty ? total : sample.suffix)
            if !sample.labels.isEmpty {
                let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quote: true))\"" }
                text += "{" + labels.joined(separator: ",") + "}"
            }
            text += " \(Self.number(sample.value))\n"
        }
    }

    /// Names of tasks and queues are whatever somebody sent.
    private static func escaped(_ text: String, quote: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quote: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
