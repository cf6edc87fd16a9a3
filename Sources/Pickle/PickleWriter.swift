package import CeleryCore

/// Writes JSON as a pickle of protocol 2, which every Python that runs Celery reads.
///
/// Of plain data: `None`, `bool`, `int`, `float`, `str`, `list` and `dict`. The forms that
/// Celery's JSON has for times, decimals, UUIDs and bytes become objects of these classes;
/// nothing else makes Python import or call anything.
package enum PickleWriter {
    package static func bytes(of value: JSON) -> [UInt8] {
        var bytes: [UInt8] = [PickleCode.proto, 2]
        append(value, to: &bytes)
        bytes.append(PickleCode.stop)
        return bytes
    }

    static func append(_ value: JSON, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(PickleCode.none)
        case .bool(let value): bytes.append(value ? PickleCode.newTrue : PickleCode.newFalse)
        case .int(let value): append(value, to: &bytes)
        case .bigInteger(let digits):
            // What Python could not print is better a text to it than a number.
            guard let long = BigInteger.bytes(ofDigits: digits) else { return append(digits, to: &bytes) }
            append(long: long, to: &bytes)
        case .double(let value, _):
            bytes.append(PickleCode.binFloat)
            append(value.bitPattern.bigEndian, to: &bytes)
        case .string(let text): append(text, to: &bytes)
        case .array(let elements):
            bytes.append(PickleCode.emptyList)
            guard !elements.isEmpty else { return }
            bytes.append(PickleCode.mark)
            for element in elements { append(element, to: &bytes) }
            bytes.append(PickleCode.appends)
        case .object(let object):
            if let typed = PickledForms.bytes(of: object) { return bytes += typed }
            bytes.append(PickleCode.emptyDict)
            guard !object.isEmpty else { return }
            bytes.append(PickleCode.mark)
            for (key, value) in object.members {
                append(key, to: &bytes)
                append(value, to: &bytes)
            }
            bytes.append(PickleCode.setItems)
        }
    }

    static func append(_ value: Int64, to bytes: inout [UInt8]) {
        if let small = UInt8(exactly: value) {
            bytes += [PickleCode.binInt1, small]
        } else if let middle = UInt16(exactly: value) {
            bytes.append(PickleCode.binInt2)
            append(middle.littleEndian, to: &bytes)
        } else if let number = Int32(exactly: value) {
            bytes.append(PickleCode.binInt)
            append(number.littleEndian, to: &bytes)
        } else {
            append(long: withUnsafeBytes(of: value.littleEndian, Array.init), to: &bytes)
        }
    }

    private static func append(long: [UInt8], to bytes: inout [UInt8]) {
        if let count = UInt8(exactly: long.count) {
            bytes += [PickleCode.long1, count]
        } else {
            bytes.append(PickleCode.long4)
            append(Int32(long.count).littleEndian, to: &bytes)
        }
        bytes += long
    }

    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(PickleCode.binUnicode)
        // A text of 4 GB fits in no row.
        append(UInt32(clamping: text.utf8.count).littleEndian, to: &bytes)
        bytes += text.utf8
    }

    private static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }
}
