import CeleryCore

/// What the errors of ODBC come to, by their states (of the SQL standard) and, of Oracle and MySQL, by the database's own numbers.
enum ODBCErrors {
    /// What the driver or the driver manager says.
    struct Said: Equatable {
        /// Five letters and digits.
        var state: String
        var number: Int
        var reason: String

        /// Without line breaks: it may quote what was sent, and goes to a terminal.
        var text: String { "\(reason.inOneLine(limit: 300)) (\(state)\(number == 0 ? "" : ", error \(number)"))" }
    }

    /// The error of a statement.
    ///
    /// - Parameter isOver: Whether the connection is known to be lost, whatever was said.
    static func error(_ said: Said, isOver: Bool = false) -> SQLError {
        let code = isOver ? .lost : code(of: said)
        if code == .lost { return SQLError(.lost, "the connection was lost: \(said.text)") }
        return SQLError(code, "the server says: \(said.text)")
    }

    /// A connection could not be made.
    static func opening(_ said: Said, at location: String) -> SQLError {
        // The manager found no driver, or no data source, of this name.
        if ["IM002", "IM003", "IM004", "IM010"].contains(said.state) || said.reason.contains(text: "Can't open lib") {
            return SQLError(.options, "\(location): the ODBC driver or data source cannot be used: \(said.text)")
        }
        let code = code(of: said)
        let isNone = code == .lost || code == .refused || code == .conflict
        return SQLError(isNone ? .unreachable : code, "cannot reach \(location): \(said.text)")
    }

    static func code(of said: Said) -> SQLError.Code {
        if said.reason.contains(text: "ORA-"), let code = oracle[said.number] { return code }
        switch said.state {
        case "28000", "28P01": return .login
        case "3D000", "08004": return .noDatabase
        case "08001", "HYT00": return .unreachable
        case "08S01", "08003", "08007", "08006", "HYT01", "57P01", "57P02": return .lost
        case "40001", "40P01", "23505": return .conflict
        case "42S02", "42S22", "42P01", "42703": return .schema
        case "42501": return .denied
        case "53100", "53200", "53300", "HY001", "HY014": return .full
        case "25006": return .readOnly
        case "22001": return .tooLarge
        // Two first writers, in MySQL.
        case "23000": return said.number == 1_062 ? .conflict : .refused
        default:
            // The driver of MySQL and MariaDB tells some losses by their number alone.
            return ["HY000", "HY018", "42000", "70100"].contains(said.state) && said.number >= 1_000 ? MariaDBErrors.code(of: UInt32(clamping: said.number)) : .refused
        }
    }

    /// By the numbers of Oracle (Database Error Messages, ORA-).
    private static let oracle: [Int: SQLError.Code] = {
        var codes: [Int: SQLError.Code] = [:]
        // Unique constraint, deadlock, a name that exists by now, busy, serialization.
        for number in [1, 60, 955, 54, 8_177] { codes[number] = .conflict }
        // No such table, column, sequence.
        for number in [942, 904, 2_289, 4_043] { codes[number] = .schema }
        for number in [1_031, 1_950] { codes[number] = .denied }
        for number in [1_017, 1_045, 28_000, 28_001, 1_005] { codes[number] = .login }
        // No such service; no listener, no host, no answer.
        for number in [12_514, 12_505, 12_154] { codes[number] = .noDatabase }
        for number in [12_541, 12_545, 12_170, 12_535, 12_543, 12_537, 1_034, 12_528] { codes[number] = .unreachable }
        // Space, quotas, processes and sessions.
        for number in [1_536, 1_631, 1_653, 1_654, 1_688, 1_691, 20, 18, 257, 12_519, 12_516, 30_006] { codes[number] = .full }
        for number in [16_000, 1_552] { codes[number] = .readOnly }
        for number in [12_899, 1_461, 1_704] { codes[number] = .tooLarge }
        // Killed, ended, and everything that says that nobody is there any more.
        for number in [28, 1_012, 1_033, 1_089, 1_092, 2_396, 3_113, 3_114, 3_135, 12_571, 12_547] { codes[number] = .lost }
        return codes
    }()
}
