import CeleryCore

/// What the errors of MySQL and MariaDB come to, by their numbers: those of the servers from 1000 on, of the library from 2000 on.
enum MariaDBErrors {
    /// The error of a statement.
    static func error(code number: UInt32, _ reason: String) -> SQLError {
        let code = code(of: number)
        if code == .lost { return SQLError(.lost, "the connection was lost: \(reason) (error \(number))") }
        return SQLError(code, "the server says: \(reason) (error \(number))")
    }

    static func code(of number: UInt32) -> SQLError.Code {
        switch number {
        // Deadlock, lock wait, two first writers, two who make one table or index, a row changed meanwhile.
        case 1213, 1205, 1062, 1050, 1061, 1020: .conflict
        // No such table or column; no such sequence.
        case 1146, 1054, 4091: .schema
        case 1142, 1143, 1227, 1370: .denied
        case 1044, 1045, 1130, 1251, 1698, 1820, 1862, 2054, 2059, 2061: .login
        case 1049: .noDatabase
        // Table, disk or memory full, too many connections, a statement cut off.
        case 1114, 1021, 1037, 1038, 1041, 1040, 1203, 1226, 3, 28, 1317, 1969, 3024: .full
        case 1290, 1792, 1836, 3100: .readOnly
        case 1153, 1406, 1301, 2020: .tooLarge
        // Shutdown, killed, gone, lost.
        case 1053, 1927, 3169, 2006, 2013, 2055, 2014, 1158...1161: .lost
        case 2026, 2012: .tls
        case 2000...2012, 2015...2025: .unreachable
        case 2027: .malformed
        default: .refused
        }
    }

    /// A connection could not be made.
    static func opening(code number: UInt32, _ reason: String, at location: String) -> SQLError {
        let code = code(of: number)
        let isNone = code == .lost || code == .refused
        return SQLError(isNone ? .unreachable : code, "cannot reach \(location): \(reason) (error \(number))")
    }
}
