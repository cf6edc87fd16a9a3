import CeleryCore

/// A method of remote control, with the names and answers of Python's workers (`pidbox-*` in `Tests/Golden`).
struct ControlMethod: Sendable {
    /// Its name and its older names.
    let names: [String]
    /// Returns the answer; `nil` sends none. A thrown error is answered as `{"error": ...}`.
    let answer: @Sendable (isolated Shift, JSONObject) async throws -> JSON?

    init(_ names: String..., answer: @escaping @Sendable (isolated Shift, JSONObject) async throws -> JSON?) {
        self.names = names
        self.answer = answer
    }

    /// All methods by name.
    static let all: [String: ControlMethod] = {
        let methods = asking + tasks + facts + poolCommands + queueCommands + commands + events + revoking + limiting + probing
        return Dictionary(uniqueKeysWithValues: methods.flatMap { method in method.names.map { ($0, method) } })
    }()
}

extension Shift {
    /// Answers a request of remote control; `nil` sends no answer.
    func answer(_ request: ControlRequest) async -> JSON? {
        guard let method = ControlMethod.all[request.method] else { return ["error": .string("KeyError('\(request.method)')")] }
        do {
            return try await method.answer(self, request.arguments)
        } catch {
            return ["error": .string("\(error)")]
        }
    }
}
