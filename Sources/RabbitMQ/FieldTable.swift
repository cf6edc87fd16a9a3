import CRabbitMQ
import CeleryCore

/// Conversion between AMQP header tables and JSON. The type letters are those of RabbitMQ:
/// https://www.rabbitmq.com/amqp-0-9-1-errata#section_3.
enum FieldTable {
    /// Nesting limit, deeper than any reasonable sender; deeper tables are truncated.
    private static let depthLimit = 64

    static func object(_ table: amqp_table_t, depth: Int = 0) -> JSONObject {
        var members: [(key: String, value: JSON)] = []
        members.reserveCapacity(Int(table.num_entries))
        for entry in UnsafeBufferPointer(start: table.entries, count: Int(table.num_entries)) {
            members.append((entry.key.string, value(entry.value, depth)))
        }
        // A table may contain a key twice; as in Python, the later value counts.
        return depth == 0 && !hasTwins(members) ? JSONObject(distinct: members) : JSONObject(members.map { ($0.key, $0.value) })
    }

    private static func hasTwins(_ members: [(key: String, value: JSON)]) -> Bool {
        Set(members.map(\.key)).count < members.count
    }

    private static func value(_ field: amqp_field_value_t, _ depth: Int) -> JSON {
        guard depth < depthLimit else { return .null }
        let value = field.value
        switch UInt32(field.kind) {
        case AMQP_FIELD_KIND_BOOLEAN.rawValue: return .bool(value.boolean != 0)
        case AMQP_FIELD_KIND_I8.rawValue: return .int(Int64(value.i8))
        case AMQP_FIELD_KIND_U8.rawValue: return .int(Int64(value.u8))
        case AMQP_FIELD_KIND_I16.rawValue: return .int(Int64(value.i16))
        case AMQP_FIELD_KIND_U16.rawValue: return .int(Int64(value.u16))
        case AMQP_FIELD_KIND_I32.rawValue: return .int(Int64(value.i32))
        case AMQP_FIELD_KIND_U32.rawValue: return .int(Int64(value.u32))
        case AMQP_FIELD_KIND_I64.rawValue: return .int(value.i64)
        case AMQP_FIELD_KIND_U64.rawValue, AMQP_FIELD_KIND_TIMESTAMP.rawValue:
            return Int64(exactly: value.u64).map(JSON.int) ?? .bigInteger(String(value.u64))
        case AMQP_FIELD_KIND_F32.rawValue: return .double(Double(value.f32))
        case AMQP_FIELD_KIND_F64.rawValue: return .double(value.f64)
        case AMQP_FIELD_KIND_UTF8.rawValue, AMQP_FIELD_KIND_BYTES.rawValue: return .string(value.bytes.string)
        case AMQP_FIELD_KIND_ARRAY.rawValue:
            return .array(
                UnsafeBufferPointer(start: value.array.entries, count: Int(value.array.num_entries))
                    .map { self.value($0, depth + 1) })
        case AMQP_FIELD_KIND_TABLE.rawValue: return .object(object(value.table, depth: depth + 1))
        case AMQP_FIELD_KIND_DECIMAL.rawValue:
            var scaled = Double(value.decimal.value)
            for _ in 0..<value.decimal.decimals { scaled /= 10 }
            return .double(scaled)
        default: return .null
        }
    }

    /// Adds the encoded size of a table, in bytes.
    ///
    /// - Returns: What is wrong with a key, if any.
    static func measure(_ object: JSONObject, into size: inout Int) -> String? {
        size += 4
        for member in object.members {
            let count = member.key.utf8.count
            if count > Connection.nameLimit { return "the header '\(member.key.prefix(32))...' has a name of \(count) bytes; the limit is \(Connection.nameLimit)" }
            size += 1 + count
            if let fault = measure(member.value, into: &size) { return fault }
        }
        return nil
    }

    private static func measure(_ json: JSON, into size: inout Int) -> String? {
        size += 1
        switch json {
        case .null: break
        case .bool: size += 1
        case .int(let number): size += Int32(exactly: number) == nil ? 8 : 4
        case .double: size += 8
        case .string(let text), .bigInteger(let text): size += 4 + text.utf8.count
        case .array(let elements):
            size += 4
            for element in elements {
                if let fault = measure(element, into: &size) { return fault }
            }
        case .object(let members): return measure(members, into: &size)
        }
        return nil
    }

    static func table(_ object: JSONObject, in scratch: Scratch) -> amqp_table_t {
        let entries = scratch.array(of: amqp_table_entry_t.self, count: object.count)
        for (index, member) in object.members.enumerated() {
            entries[index] = amqp_table_entry_t(key: scratch.bytes(member.key), value: field(member.value, scratch))
        }
        return amqp_table_t(num_entries: Int32(object.count), entries: entries)
    }

    /// Uses the type letters of py-amqp.
    private static func field(_ json: JSON, _ scratch: Scratch) -> amqp_field_value_t {
        var field = amqp_field_value_t()
        func kind(_ kind: amqp_field_value_kind_t) { field.kind = UInt8(kind.rawValue) }
        switch json {
        case .null: kind(AMQP_FIELD_KIND_VOID)
        case .bool(let flag):
            kind(AMQP_FIELD_KIND_BOOLEAN)
            field.value.boolean = flag ? 1 : 0
        case .int(let number):
            if let small = Int32(exactly: number) {
                kind(AMQP_FIELD_KIND_I32)
                field.value.i32 = small
            } else {
                kind(AMQP_FIELD_KIND_I64)
                field.value.i64 = number
            }
        case .double(let number, _):
            kind(AMQP_FIELD_KIND_F64)
            field.value.f64 = number
        case .string(let text), .bigInteger(let text):
            kind(AMQP_FIELD_KIND_UTF8)
            field.value.bytes = scratch.bytes(text)
        case .array(let elements):
            kind(AMQP_FIELD_KIND_ARRAY)
            let entries = scratch.array(of: amqp_field_value_t.self, count: elements.count)
            for (index, element) in elements.enumerated() { entries[index] = self.field(element, scratch) }
            field.value.array = amqp_array_t(num_entries: Int32(elements.count), entries: entries)
        case .object(let members):
            kind(AMQP_FIELD_KIND_TABLE)
            field.value.table = table(members, in: scratch)
        }
        return field
    }
}
