package import CeleryCore
import Pickle
import Wire

/// A value as Python's Celery keeps it in a database: JSON since 5.7, a pickle before.
package enum PythonValue {
    /// The value; `null` for none.
    ///
    /// - Parameter isException: whether an object of an unknown class is an exception.
    /// - Throws: `PickleError` or `JSONError`.
    package static func json(_ bytes: [UInt8]?, isException: Bool) throws -> JSON {
        guard let bytes else { return .null }
        // No JSON begins like this, and every pickle since protocol 2 does.
        if bytes.first == 0x80 { return try PickleReader.json(bytes, isException: isException) }
        do {
            return try JSON(parsing: bytes)
        } catch {
            // Earlier pickles end with a dot, with which no JSON ends.
            guard bytes.last == UInt8(ascii: "."), let value = try? PickleReader.json(bytes, isException: isException)
            else { throw error }
            return value
        }
    }
}
