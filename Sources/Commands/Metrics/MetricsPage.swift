import CeleryCore

/// The metrics, read at most every few seconds however many ask.
actor MetricsPage {
    private let reader: MetricsReader
    private let events: EventFollower
    private var last: (families: [MetricFamily], time: ContinuousClock.Instant)?
    private var reading: Task<[MetricFamily], any Error>?

    private static let life: Duration = .seconds(2)

    init(_ reader: MetricsReader, events: EventFollower) {
        self.reader = reader
        self.events = events
    }

    func families() async throws -> [MetricFamily] {
        if let last, .now - last.time < Self.life { return last.families }
        let reading = self.reading ?? Task { [reader, events] in
            CeleryMetrics(reading: try await reader.read()).families + (await events.families)
        }
        self.reading = reading
        defer { self.reading = nil }
        let families = try await reading.value
        last = (families, .now)
        return families
    }
}
