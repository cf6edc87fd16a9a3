import CeleryCore

extension JSONNode {
    func bool() throws -> Bool {
        guard case .bool(let flag) = value else { throw mismatch(Bool.self, "true or false") }
        return flag
    }

    package func string() throws -> String {
        guard case .string(let text) = value else { throw mismatch(String.self, "a string") }
        return text
    }

    /// Decodes an integer of any width. Accepts `2.0`, as JavaScript does.
    func integer<I: FixedWidthInteger>() throws -> I {
        switch value {
        case .int(let number):
            guard let exact = I(exactly: number) else { throw outOfRange(I.self, "\(number)") }
            return exact
        case .bigInteger(let digits):
            guard let exact = I(digits) else { throw outOfRange(I.self, digits) }
            return exact
        case .double(let number, _):
            guard let exact = I(exactly: number) else { throw mismatch(I.self, "an integer") }
            return exact
        default: throw mismatch(I.self, "an integer")
        }
    }

    func floatingPoint<F: BinaryFloatingPoint & LosslessStringConvertible>() throws -> F {
        switch value {
        case .int(let number): return F(number)
        case .double(let number, _): return F(number)
        case .bigInteger(let digits):
            guard let number = F(digits) else { throw mismatch(F.self, "a number") }
            return number
        default: throw mismatch(F.self, "a number")
        }
    }

    /// The error `must be an integer, not a string`.
    package func mismatch(_ type: any Any.Type, _ wanted: String) -> DecodingError {
        DecodingError.typeMismatch(
            type, .init(codingPath: codingPath, debugDescription: "must be \(wanted), not \(value.sort)"))
    }

    /// The error `must be from 0 to 255, not 300`.
    private func outOfRange<I: FixedWidthInteger>(_ type: I.Type, _ digits: String) -> DecodingError {
        DecodingError.dataCorrupted(
            .init(codingPath: codingPath, debugDescription: "must be from \(I.min) to \(I.max), not \(digits)"))
    }
}

extension JSON {
    /// A description of the value's type, for error texts; includes the value of a fractional number.
    var sort: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .int, .bigInteger: "an integer"
        case .double(let value, _): "\(value)"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
