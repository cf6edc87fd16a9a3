import Arguments
import CeleryCore
import Client

/// The options of a message as members of a JSON object: a line of a batch.
struct SendMembers {
    /// The exit status for an invalid member.
    let status: Int32
    /// Other keys of the object, for suggestions.
    var otherKeys: [String] = []

    /// Reads one member.
    ///
    /// - Throws: `CommandError` if the key is unknown or the value invalid.
    func take(_ key: String, _ value: JSON, into options: inout SendOptions) throws {
        guard let option = TaskOptionTable.named(key), option.places.contains(.batch) else { throw unknown(key) }
        do throws(OptionMistake) {
            try option.read(.json(value), at: .batch, into: &options.said)
        } catch {
            guard let problem = error.problem else { throw bad("'\(key)' \(error.requirement)") }
            throw bad("'\(key)': \(ArgumentError.quote(OptionInput.json(value).displayText)) \(problem)")
        }
    }

    private func unknown(_ key: String) -> CommandError {
        if let option = TaskOptionTable.named(key) { return bad("'\(key)' \(option.misplaced(at: .batch))") }
        let known = otherKeys + TaskOptionTable.rows(at: .batch).map(\.name)
        return bad("unknown key '\(key)'" + (NearestName.suggest(key, among: known).map { "; did you mean '\($0)'?" } ?? ""))
    }

    /// Parses a value like that of the command-line option of the same name.
    func parsed<Value>(_ key: String, _ value: JSON, _ parser: ValueParser<Value>) throws -> Value {
        let text = value.displayText
        do throws(InvalidValue) {
            return try parser.parse(text)
        } catch {
            throw bad("'\(key)': \(ArgumentError.quote(text)) \(error.problem)")
        }
    }

    func bad(_ message: String) -> CommandError { CommandError(status, message) }
}
