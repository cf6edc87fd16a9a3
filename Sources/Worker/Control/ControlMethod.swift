import CeleryCore

/// A question or a command that a worker understands, in the words of Python's workers (section 8 of the wire format).
struct ControlMethod: Sendable {
    /// Its name, and older ones for the same.
    let names: [String]
    /// What it answers; `nil` is silence. An error is told as `{"error": ...}`.
    let answer: @Sendable (isolated Shift, JSONObject) async throws -> JSON?

    init(_ names: String..., answer: @escaping @Sendable (isolated Shift, JSONObject) async throws -> JSON?) {
        self.names = names
        self.answer = answer
    }

    /// All of them, by name. A room of its own adds its list here.
    static let all: [String: ControlMethod] = {
        let methods = asking + tasks + facts + poolCommands + queueCommands + commands + events + revoking + limiting
        return Dictionary(uniqueKeysWithValues: methods.flatMap { method in method.names.map { ($0, method) } })
    }()
}

extension Shift {
    /// Answers a question of an operator.
    func answer(_ request: ControlRequest) async -> JSON? {
        guard let method = ControlMethod.all[request.method] else { return ["error": .string("KeyError('\(request.method)')")] }
        do {
            return try await method.answer(self, request.arguments)
        } catch {
            return ["error": .string("\(error)")]
        }
    }
}
