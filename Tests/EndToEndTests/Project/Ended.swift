import Processes

/// How a command line ended, and what it printed.
struct Ended: Equatable, CustomStringConvertible {
    var output: String
    var errors: String
    /// As a shell has it: 128 and the signal for a killed program.
    var status: Int32

    init(_ output: String = "", errors: String = "", status: Int32 = 0) {
        self.output = output
        self.errors = errors
        self.status = status
    }

    var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// A line, counted from 0; an empty one if there are fewer, for an index out of range would end all tests.
    func line(_ index: Int) -> String { lines.dropFirst(index).first ?? "" }

    /// The same with `ID` for each id.
    var masked: Ended { Ended(Self.mask(output), errors: Self.mask(errors), status: status) }

    /// What was printed, and nothing else was wrong: for setting a test up.
    var text: String {
        get throws {
            guard status == 0 else { throw Failed(ended: self) }
            return output.hasSuffix("\n") ? String(output.dropLast()) : output
        }
    }

    struct Failed: Error, CustomStringConvertible {
        let ended: Ended
        var description: String { "\(ended)" }
    }

    var description: String { "status \(status)\nstdout:\n\(output)stderr:\n\(errors)" }

    static func mask(_ text: String) -> String {
        text.replacing(#/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/#, with: "ID")
    }
}
