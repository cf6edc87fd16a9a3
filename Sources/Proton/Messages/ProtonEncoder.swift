/// Turns values into bytes, in the shortest form of each that every server reads.
enum ProtonEncoder {
    static func put(_ value: ProtonValue, into bytes: inout [UInt8]) {
        switch value {
        case .null, .other: bytes.append(0x40)
        case .bool(let flag): bytes.append(flag ? 0x41 : 0x42)
        case .ubyte(let number): bytes += [0x50, number]
        case .uint(let number):
            if number < 256 { bytes += [0x52, UInt8(number)] } else { put(0x70, number, into: &bytes) }
        case .ulong(let number):
            if number < 256 { bytes += [0x53, UInt8(number)] } else { put(0x80, number, into: &bytes) }
        case .long(let number):
            if let small = Int8(exactly: number) {
                bytes += [0x55, UInt8(bitPattern: small)]
            } else {
                put(0x81, UInt64(bitPattern: number), into: &bytes)
            }
        case .double(let number): put(0x82, number.bitPattern, into: &bytes)
        case .timestamp(let number): put(0x83, UInt64(bitPattern: number), into: &bytes)
        case .binary(let content): put(content, codes: (0xA0, 0xB0), into: &bytes)
        case .string(let text): put(Array(text.utf8), codes: (0xA1, 0xB1), into: &bytes)
        case .symbol(let text): put(Array(text.utf8), codes: (0xA3, 0xB3), into: &bytes)
        case .list(let elements):
            if elements.isEmpty { bytes.append(0x45) } else { put(elements, codes: (0xC0, 0xD0), into: &bytes) }
        case .map(let pairs): put(pairs.flatMap { [$0.key, $0.value] }, codes: (0xC1, 0xD1), into: &bytes)
        case .described(let descriptor, let value):
            bytes.append(0)
            put(descriptor, into: &bytes)
            put(value, into: &bytes)
        }
    }

    private static func put(_ code: UInt8, _ number: some FixedWidthInteger, into bytes: inout [UInt8]) {
        bytes.append(code)
        append(number, to: &bytes)
    }

    static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func put(_ content: [UInt8], codes: (short: UInt8, long: UInt8), into bytes: inout [UInt8]) {
        if content.count < 256 {
            bytes += [codes.short, UInt8(content.count)]
        } else {
            put(codes.long, UInt32(content.count), into: &bytes)
        }
        bytes += content
    }

    private static func put(_ elements: [ProtonValue], codes: (short: UInt8, long: UInt8), into bytes: inout [UInt8]) {
        var content: [UInt8] = []
        for element in elements { put(element, into: &content) }
        // The size counts what follows it: the number of elements, too.
        if content.count + 1 < 256, elements.count < 256 {
            bytes += [codes.short, UInt8(content.count + 1), UInt8(elements.count)]
        } else {
            put(codes.long, UInt32(content.count + 4), into: &bytes)
            append(UInt32(elements.count), to: &bytes)
        }
        bytes += content
    }
}
