import CeleryCore

/// Times, dates and lengths of time of Python's `datetime`.
enum PickledTimes {
    /// The JSON of an object of one of its classes; `nil` for others, and for what is no time.
    static func json(_ name: String, _ arguments: [PickleHeap.Reference], _ heap: PickleHeap) -> JSON? {
        switch name {
        case "datetime.timedelta": return seconds(arguments, heap).map(JSON.number)
        case "datetime.date":
            guard arguments.count == 1, let bytes = heap.bytes(arguments[0]), bytes.count == 4 else { return nil }
            return date(bytes[...]).map { PickledClasses.typed("date", .string($0)) }
        case "datetime.time":
            guard 1...2 ~= arguments.count, let bytes = heap.bytes(arguments[0]), bytes.count == 6 else { return nil }
            guard let zone = zone(arguments.dropFirst().first, heap) else { return nil }
            return time(bytes[...]).map { PickledClasses.typed("time", .string($0 + zone)) }
        case "datetime.datetime":
            guard 1...2 ~= arguments.count, let bytes = heap.bytes(arguments[0]), bytes.count == 10 else { return nil }
            guard let zone = zone(arguments.dropFirst().first, heap) else { return nil }
            guard let date = date(bytes[..<4]), let time = time(bytes[4...]) else { return nil }
            return PickledClasses.typed("datetime", .string("\(date)T\(time)\(zone)"))
        default: return nil
        }
    }

    /// Year in two bytes, month, day.
    private static func date(_ bytes: ArraySlice<UInt8>) -> String? {
        let bytes = Array(bytes)
        // The highest bit of the month tells the second of two equal times when clocks go back.
        let date = CivilDate(year: Int(bytes[0]) << 8 | Int(bytes[1]), month: Int(bytes[2] & 0x7F), day: Int(bytes[3]))
        return date.exists ? "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))" : nil
    }

    /// Hour, minute, second, and microseconds in three bytes.
    private static func time(_ bytes: ArraySlice<UInt8>) -> String? {
        let bytes = bytes.map(Int.init)
        let hour = bytes[0] & 0x7F
        let microseconds = bytes[3] << 16 | bytes[4] << 8 | bytes[5]
        guard hour < 24, bytes[1] < 60, bytes[2] < 60, microseconds < 1_000_000 else { return nil }
        let fraction = microseconds == 0 ? "" : "." + padded(microseconds, 6)
        return "\(padded(hour, 2)):\(padded(bytes[1], 2)):\(padded(bytes[2], 2))\(fraction)"
    }

    /// What stands behind a time of this zone: nothing, an offset, or the zone's name in brackets
    /// where only the name is known (RFC 9557). `nil` for what is no zone.
    private static func zone(_ reference: PickleHeap.Reference?, _ heap: PickleHeap) -> String? {
        guard let reference else { return "" }
        guard case .instance(let instance) = heap[reference] else {
            if case .none = heap[reference] { return "" }
            return nil
        }
        guard case .list(let arguments) = heap[instance.arguments] else { return nil }
        switch (heap[instance.callable], arguments.count) {
        case (.global("datetime.timezone"), 1...2):
            guard case .instance(let offset) = heap[arguments[0]], case .list(let parts) = heap[offset.arguments] else { return nil }
            return seconds(parts, heap).flatMap(offsetText)
        case (.global("pytz._UTC"), _): return "+00:00"
        // zone, offset in seconds, summer time, name
        case (.global("pytz._p"), 2...):
            guard case .int(let offset) = heap[arguments[1]] else { return nil }
            return offsetText(Double(offset))
        case (.instance, 1...):
            // getattr(ZoneInfo, "_unpickle") called with the name
            guard case .text(let name) = heap[arguments[0]] else { return nil }
            return "[\(name)]"
        default: return nil
        }
    }

    private static func offsetText(_ offset: Double) -> String? {
        guard abs(offset) < 86_400, let whole = Int(exactly: offset.rounded(.towardZero)) else { return nil }
        let minutes = abs(whole) / 60
        let seconds = abs(whole) % 60
        let sign = whole < 0 ? "-" : "+"
        return "\(sign)\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))" + (seconds == 0 ? "" : ":\(padded(seconds, 2))")
    }

    /// Days, seconds and microseconds.
    private static func seconds(_ arguments: [PickleHeap.Reference], _ heap: PickleHeap) -> Double? {
        guard arguments.count <= 3 else { return nil }
        var total = 0.0
        for (argument, unit) in zip(arguments, [86_400, 1, 0.000_001]) {
            guard case .int(let number) = heap[argument] else { return nil }
            total += Double(number) * unit
        }
        return total
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension PickleHeap {
    /// The bytes an object is, if it is some.
    func bytes(_ reference: Reference) -> [UInt8]? {
        switch self[reference] {
        case .bytes(let bytes): bytes
        // As a `str` of Python 2 has them.
        case .text(let text): Self.latin1(text)
        case .instance(let instance): bytes(of: instance)
        default: nil
        }
    }

    /// Bytes, in the forms that protocols before 3 have for them.
    func bytes(of instance: Instance) -> [UInt8]? {
        guard case .list(let arguments) = self[instance.arguments] else { return nil }
        switch (self[instance.callable], arguments.count) {
        case (.global("builtins.bytes"), 0), (.global("builtins.bytearray"), 0): return []
        case (.global("_codecs.encode"), 2), (.global("builtins.bytearray"), 2):
            guard case .text(let text) = self[arguments[0]], case .text(let encoding) = self[arguments[1]],
                encoding == "latin1" || encoding == "latin-1"
            else { return nil }
            return Self.latin1(text)
        case (.global("builtins.bytearray"), 1):
            switch self[arguments[0]] {
            case .bytes(let bytes): return bytes
            // One step only: a bytearray of a bytearray is nothing that Python writes.
            case .instance(let inner):
                guard case .global("_codecs.encode") = self[inner.callable] else { return nil }
                return bytes(of: inner)
            default: return nil
            }
        default: return nil
        }
    }

    private static func latin1(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
