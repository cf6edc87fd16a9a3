/// The place of a task in a distributed trace, as the W3C writes it: `traceparent` and `tracestate` of the Trace Context
/// recommendation. OpenTelemetry's senders put both into headers of a message; we only pass them on.
public struct TraceContext: Sendable, Hashable {
    /// `00-<32 digits>-<16 digits>-<2 digits>`.
    public let traceparent: String
    /// What vendors add to it; `nil` if nothing.
    public let tracestate: String?

    /// The trace of the task in Swift that runs here: messages that it sends continue it.
    @TaskLocal package static var current: TraceContext?

    private static let headers = (parent: "traceparent", state: "tracestate")
    private static let variables = (parent: "TRACEPARENT", state: "TRACESTATE")
    /// Bytes of a state that have to be passed on at least.
    private static let longestState = 512

    /// - Returns: `nil` unless `traceparent` has the form of version 00. A state in another form is left out.
    public init?(traceparent: String?, tracestate: String? = nil) {
        guard let traceparent, Self.isParent(traceparent) else { return nil }
        self.traceparent = traceparent
        self.tracestate = tracestate.flatMap { Self.isState($0) ? $0 : nil }
    }

    /// The trace that the headers of a message name.
    package init?(_ message: Message) {
        guard let parent = message.headers[Self.headers.parent]?.stringValue else { return nil }
        self.init(traceparent: parent, tracestate: message.headers[Self.headers.state]?.stringValue)
    }

    /// The trace that environment variables name.
    package init?(environment: [String: String]) {
        guard let parent = environment[Self.variables.parent] else { return nil }
        self.init(traceparent: parent, tracestate: environment[Self.variables.state])
    }

    /// The environment variables, by name. Both are there, so that none is inherited by mistake.
    package static func variables(_ trace: TraceContext?) -> [(name: String, value: String?)] {
        [(variables.parent, trace?.traceparent), (variables.state, trace?.tracestate)]
    }

    /// Has a message continue the trace, unless it names one itself.
    package func write(to message: inout Message) {
        guard message.headers[Self.headers.parent] == nil else { return }
        message.headers[Self.headers.parent] = .string(traceparent)
        message.headers[Self.headers.state] = tracestate.map(JSON.string)
    }

    private static func isParent(_ text: String) -> Bool {
        guard text.utf8.count == 55 else { return false }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [2, 32, 16, 2], parts[0] != "ff" else { return false }
        let areDigits = parts.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } }
        return areDigits && parts[1...2].allSatisfy { $0.utf8.contains { $0 != UInt8(ascii: "0") } }
    }

    /// Anybody may have written it: it must not become another line of a head.
    private static func isState(_ text: String) -> Bool {
        1...longestState ~= text.utf8.count && text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && text.utf8.contains(UInt8(ascii: "="))
    }
}
