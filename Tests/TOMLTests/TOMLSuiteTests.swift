import CeleryCore
import Foundation
import TOML
import Testing

/// The TOML project's own test suite (https://github.com/toml-lang/toml-test, MIT), as `Tests/TOMLTests/pack` packed it
/// from release 2.1.0. It lies in this folder so that the tests judge the same cases everywhere, without a network.
@Suite struct TOMLSuiteTests {
    struct Case: Sendable {
        var name: String
        var bytes: [UInt8]
        var value: JSON?

        init(_ line: Substring) throws {
            let object = try JSON(parsing: [UInt8](line.utf8))
            name = try #require(object["name"]?.stringValue)
            bytes = try object["text"]?.stringValue.map { [UInt8]($0.utf8) }
                ?? [UInt8](#require(object["base64"]?.stringValue.flatMap { Data(base64Encoded: $0) }))
            value = object["value"]
        }
    }

    private static func cases() throws -> [Case] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "toml-test.jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(Case.init)
    }

    @Test func `every valid document of the suite has the values the suite names`() throws {
        let valid = try Self.cases().filter { $0.value != nil }
        #expect(valid.count == 205)
        for entry in valid {
            do {
                let table = try TOMLTable(parsing: entry.bytes)
                #expect(Self.agrees(.table(table), entry.value!), "\(entry.name): read as \(table.members)")
            } catch {
                Issue.record("\(entry.name): \(error)")
            }
        }
    }

    @Test func `every invalid document of the suite is refused with a place in it`() throws {
        let invalid = try Self.cases().filter { $0.value == nil }
        #expect(invalid.count == 473)
        for entry in invalid {
            do {
                let table = try TOMLTable(parsing: entry.bytes)
                Issue.record("\(entry.name): read as \(table.members)")
            } catch {
                let lines = entry.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                #expect(lines.indices.contains(error.line - 1), "\(entry.name): \(error)")
                #expect((1...(lines[error.line - 1].count + 1)).contains(error.column), "\(entry.name): \(error)")
            }
        }
    }

    /// Whether a value is what the suite's JSON says, `{"type": ..., "value": ...}` for all but arrays and tables.
    private static func agrees(_ value: TOMLValue, _ expected: JSON) -> Bool {
        switch value {
        case .table(let table):
            guard let members = expected.objectValue?.members, members.count == table.members.count else { return false }
            return members.allSatisfy { member in table[member.key].map { agrees($0.value, member.value) } ?? false }
        case .array(let elements):
            guard let others = expected.arrayValue, others.count == elements.count else { return false }
            return zip(elements, others).allSatisfy(agrees)
        default:
            guard let type = expected["type"]?.stringValue, let text = expected["value"]?.stringValue else { return false }
            switch value {
            case .string(let string): return type == "string" && string.utf8.elementsEqual(text.utf8)
            case .integer(let number): return type == "integer" && String(number) == text
            case .float(let number, _):
                return type == "float" && (number.isNaN ? text.hasSuffix("nan") : Double(text) == number)
            case .boolean(let truth): return type == "bool" && String(truth) == text
            case .dateTime(let dateTime): return type == kind(of: dateTime) && isSame(dateTime.description, text)
            case .array, .table: return false
            }
        }
    }

    private static func kind(of dateTime: TOMLDateTime) -> String {
        switch (dateTime.day, dateTime.time, dateTime.offset) {
        case (_?, _?, _?): "datetime"
        case (_?, _?, nil): "datetime-local"
        case (_?, nil, _): "date-local"
        default: "time-local"
        }
    }

    /// The suite writes fractions of seconds with three digits or more.
    private static func isSame(_ ours: String, _ expected: String) -> Bool {
        ours == expected.replacing(/(\.\d*?)0+(?=\D|$)/) { $0.1 == "." ? "" : String($0.1) }
    }
}
