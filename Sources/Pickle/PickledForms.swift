import CeleryCore
import Wire

/// Pickles objects like `{"__type__": "uuid", "__value__": …}` (section 2.3 of the wire
/// format) as what they stand for, just as Python's `pickle` writes it in protocol 2.
enum PickledForms {
    /// The instructions that make the object, without begin and end of a pickle; `nil` for an
    /// object that is no such form, or whose value its class would not take.
    static func bytes(of object: JSONObject) -> [UInt8]? {
        guard object.count == 2, let type = object["__type__"]?.stringValue, let value = object["__value__"] else {
            return nil
        }
        switch type {
        case "datetime": return value.stringValue.flatMap(datetime)
        case "date": return value.stringValue.flatMap(date)
        case "time": return value.stringValue.flatMap(time)
        case "decimal":
            guard let digits = value.stringValue, isDecimal(digits) else { return nil }
            return call("decimal", "Decimal", text(digits))
        case "uuid": return value["hex"]?.stringValue.flatMap(uuid)
        case "bytes": return value.stringValue.map { self.bytes(Array($0.utf8)) }
        case "base64": return value.stringValue.flatMap { Base64.decode($0) }.map { self.bytes($0) }
        default: return nil
        }
    }

    // MARK: Times

    private static func datetime(_ text: String) -> [UInt8]? {
        scan(text) { scanner in
            guard let date = scanner.date() else { return nil }
            // Python takes a day alone for its midnight.
            var state = day(date) + clock(0, 0)
            if scanner.isAtEnd { return call("datetime", "datetime", bytes(state)) }
            guard scanner.separator(), let time = scanner.timeOfDay() else { return nil }
            state = day(date) + clock(time.seconds, time.fraction)
            return zoned("datetime", state, &scanner)
        }
    }

    private static func time(_ text: String) -> [UInt8]? {
        scan(text) { scanner in
            guard let time = scanner.timeOfDay() else { return nil }
            return zoned("time", clock(time.seconds, time.fraction), &scanner)
        }
    }

    private static func date(_ text: String) -> [UInt8]? {
        scan(text) { scanner in
            guard let date = scanner.date(), scanner.isAtEnd else { return nil }
            return call("datetime", "date", bytes(day(date)))
        }
    }

    /// A time of a class, in the zone that stands behind it, if one does.
    private static func zoned(_ name: String, _ state: [UInt8], _ scanner: inout ISO8601Scanner) -> [UInt8]? {
        if scanner.isAtEnd { return call("datetime", name, bytes(state)) }
        guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
        let days = offset.flooredQuotient(by: 86_400)
        let length = call("datetime", "timedelta", number(days), number(offset - days * 86_400), number(0))
        return call("datetime", name, bytes(state), call("datetime", "timezone", length))
    }

    private static func day(_ date: CivilDate) -> [UInt8] {
        [UInt8(date.year >> 8), UInt8(date.year & 0xFF), UInt8(date.month), UInt8(date.day)]
    }

    private static func clock(_ seconds: Int, _ fraction: Double) -> [UInt8] {
        let microseconds = min(Int((fraction * 1_000_000).rounded()), 999_999)
        return [
            UInt8(seconds / 3_600), UInt8(seconds / 60 % 60), UInt8(seconds % 60), UInt8(microseconds >> 16),
            UInt8(microseconds >> 8 & 0xFF), UInt8(microseconds & 0xFF),
        ]
    }

    private static func scan(_ text: String, _ body: (inout ISO8601Scanner) -> [UInt8]?) -> [UInt8]? {
        var text = text
        return text.withUTF8 { bytes in
            var scanner = ISO8601Scanner(bytes: bytes)
            return body(&scanner)
        }
    }

    // MARK: Others

    /// Whether `decimal.Decimal` takes the text: it raises for others, and the whole result with it.
    private static func isDecimal(_ text: String) -> Bool {
        var rest = text.lowercased()[...]
        if let first = rest.first, first == "-" || first == "+" { rest.removeFirst() }
        if ["inf", "infinity"].contains(rest) { return true }
        if rest.hasPrefix("snan") { rest.removeFirst() }
        if rest.hasPrefix("nan") { return digits(rest.dropFirst(3)) != nil }
        let parts = rest.split(separator: "e", omittingEmptySubsequences: false)
        guard 1...2 ~= parts.count else { return false }
        if parts.count == 2 {
            let exponent = parts[1].first == "-" || parts[1].first == "+" ? parts[1].dropFirst() : parts[1]
            // Larger exponents are beyond the limits of Python's own.
            guard let count = digits(exponent), 1...15 ~= count else { return false }
        }
        let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(digits)
        guard 1...2 ~= halves.count, !halves.contains(nil) else { return false }
        return halves.contains { $0 != 0 }
    }

    /// How many digits a text is; `nil` for anything else.
    private static func digits(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? text.utf8.count : nil
    }

    private static func uuid(_ text: String) -> [UInt8]? {
        let hexadecimal = text.filter { $0 != "-" }
        guard hexadecimal.utf8.count == 32, hexadecimal.unicodeScalars.allSatisfy(\.properties.isASCIIHexDigit),
            let value = UInt128(hexadecimal, radix: 16)
        else { return nil }
        // Its state is its number; the class is never called.
        var code = global("uuid", "UUID") + [PickleCode.emptyTuple, PickleCode.newObj, PickleCode.emptyDict] + self.text("int")
        PickleWriter.append(Int64(exactly: value).map(JSON.int) ?? .bigInteger(String(value)), to: &code)
        return code + [PickleCode.setItem, PickleCode.build]
    }

    /// Protocol 2 has no bytes: they are text that is encoded again.
    private static func bytes(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.isEmpty { return global("__builtin__", "bytes") + [PickleCode.emptyTuple, PickleCode.reduce] }
        let latin = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        return call("_codecs", "encode", text(latin), text("latin1"))
    }

    // MARK: Instructions

    /// Calls a function or class with one to three arguments.
    private static func call(_ module: String, _ name: String, _ arguments: [UInt8]...) -> [UInt8] {
        let tuple = [PickleCode.tuple1, PickleCode.tuple2, PickleCode.tuple3][arguments.count - 1]
        return global(module, name) + arguments.joined() + [tuple, PickleCode.reduce]
    }

    private static func global(_ module: String, _ name: String) -> [UInt8] {
        [PickleCode.global] + Array("\(module)\n\(name)\n".utf8)
    }

    private static func text(_ text: String) -> [UInt8] {
        var code: [UInt8] = []
        PickleWriter.append(text, to: &code)
        return code
    }

    private static func number(_ number: Int) -> [UInt8] {
        var code: [UInt8] = []
        PickleWriter.append(Int64(number), to: &code)
        return code
    }
}
