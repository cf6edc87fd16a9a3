package import CeleryCore
import Pickle
import Wire

/// A value as Python's Celery stores it in a database: JSON since 5.7, a pickle before.
package enum PythonValue {
    /// The value; `null` when absent.
    ///
    /// - Parameter isException: Whether an object of an unknown class is an exception.
    /// - Throws: `PickleError` or `JSONError`.
    package static func json(_ bytes: [UInt8]?, isException: Bool) throws -> JSON {
        guard let bytes else { return .null }
        // Every pickle since protocol 2 begins with this byte, and no JSON does.
        if bytes.first == 0x80 { return try PickleReader.json(bytes, isException: isException) }
        do {
            return try JSON(parsing: bytes)
        } catch {
            // Earlier pickles end with a dot, and no JSON does.
            guard bytes.last == UInt8(ascii: "."), let value = try? PickleReader.json(bytes, isException: isException)
            else { throw error }
            return value
        }
    }

    /// Whether bytes that are a value are a pickle: those end with a dot, and no JSON does.
    static func isPickle(_ bytes: [UInt8]) -> Bool { bytes.last == UInt8(ascii: ".") }
}
