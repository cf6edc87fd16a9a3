/// A metric with all its samples.
struct MetricFamily: Sendable, Equatable {
    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// Without the suffix `_total` of a counter.
    var name: String
    var kind: Kind
    var help: String
    var samples: [Sample] = []

    struct Sample: Sendable, Equatable {
        /// `_bucket`, `_sum`, `_count`, or empty; a counter's `_total` is added when it is written.
        var suffix = ""
        var labels: [Label]
        var value: Double
    }

    struct Label: Sendable, Hashable {
        var name: String
        var value: String
    }

    init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }

    /// Adds a sample.
    mutating func add(_ value: Double, _ labels: [(String, String)] = []) {
        samples.append(Sample(labels: labels.map { Label(name: $0.0, value: $0.1) }, value: value))
    }

    mutating func add(_ value: Int, _ labels: [(String, String)] = []) { add(Double(value), labels) }

    /// Adds a histogram.
    ///
    /// - Parameters:
    ///   - counts: How many values each bound has at or below it.
    ///   - count: Of all values.
    mutating func add(_ bounds: [Double], _ counts: [Int], count: Int, sum: Double, _ labels: [(String, String)]) {
        let labels = labels.map { Label(name: $0.0, value: $0.1) }
        for (bound, number) in zip(bounds, counts) {
            let le = Label(name: "le", value: MetricsText.number(bound))
            samples.append(Sample(suffix: "_bucket", labels: labels + [le], value: Double(number)))
        }
        samples.append(Sample(suffix: "_bucket", labels: labels + [Label(name: "le", value: "+Inf")], value: Double(count)))
        samples.append(Sample(suffix: "_sum", labels: labels, value: sum))
        samples.append(Sample(suffix: "_count", labels: labels, value: Double(count)))
    }
}
