package import CeleryCore

/// Encodes and decodes arguments (`task-v2-*` in `Tests/Golden`): a JSON array of args, kwargs and the workflow.
package enum BodyCodec {
    /// Default limit of a decompressed body, in bytes.
    package static let defaultLimit = 256 << 20

    /// Encodes the arguments in Python's JSON style, uncompressed.
    package static func encode(_ arguments: TaskArguments) -> MessageBody {
        MessageBody(bytes: json(arguments).bytes(style: .python))
    }

    /// The arguments as the array of three elements.
    package static func json(_ arguments: TaskArguments) -> JSON {
        [.array(arguments.args), .object(arguments.kwargs), json(arguments.embed)]
    }

    /// Decodes the arguments of a message.
    ///
    /// - Parameter limit: Maximum size after decompression, in bytes.
    package static func decode(_ body: MessageBody, limit: Int = defaultLimit) throws(BodyError) -> TaskArguments {
        let value: JSON
        do throws(MalformedMessage) { value = try json(of: body, limit: limit) } catch { throw .malformed(error) }
        // Headers of protocol 2 with a body of protocol 1, which Python accepts.
        if let object = value.objectValue, object["args"] != nil || object["task"] != nil {
            return try arguments(ProtocolOne.args(of: object), ProtocolOne.kwargs(of: object), .object(object))
        }
        guard let parts = value.arrayValue, parts.count == 3 else {
            throw .malformed(MalformedMessage(.bodyShape, "the body is not an array of args, kwargs and embed"))
        }
        return try arguments(parts[0], parts[1], parts[2])
    }

    /// The body as JSON, after checking its labels and decompressing it.
    static func json(of body: MessageBody, limit: Int) throws(MalformedMessage) -> JSON {
        var bytes = body.bytes
        if let compression = try BodyFormat.check(body) {
            bytes = try Decompression.plainBytes(of: bytes, compression: compression, limit: limit)
        }
        do throws(JSONError) {
            return try JSON(parsing: bytes)
        } catch {
            throw MalformedMessage(.bodyNotJSON, "the body is not json: \(error)")
        }
    }

    private static func arguments(_ args: JSON, _ kwargs: JSON, _ embed: JSON) throws(BodyError) -> TaskArguments {
        guard let args = args.arrayValue else { throw .invalidTask("task args must be a list") }
        guard let kwargs = kwargs.objectValue else { throw .invalidTask("task keyword arguments must be a mapping") }
        return TaskArguments(args: args, kwargs: kwargs, embed: try self.embed(embed))
    }
}

// MARK: The workflow around a task

extension BodyCodec {
    private static func json(_ embed: TaskArguments.Embed) -> JSON {
        .object(
            JSONObject(distinct: [
                ("callbacks", json(embed.callbacks)), ("errbacks", json(embed.errbacks)), ("chain", json(embed.chain)),
                ("chord", embed.chord.map(SignatureCodec.json) ?? .null),
            ]))
    }

    /// Python writes `null` when there are no signatures.
    static func json(_ signatures: [Signature]) -> JSON {
        signatures.isEmpty ? .null : .array(signatures.map(SignatureCodec.json))
    }

    private static func embed(_ value: JSON) throws(BodyError) -> TaskArguments.Embed {
        if value.isNull { return TaskArguments.Embed() }
        guard let object = value.objectValue else { throw .invalidTask("embed must be a mapping") }
        do throws(InvalidSignature) {
            var embed = TaskArguments.Embed()
            embed.callbacks = try SignatureCodec.signatures(object["callbacks"])
            embed.errbacks = try SignatureCodec.signatures(object["errbacks"])
            embed.chain = try SignatureCodec.signatures(object["chain"])
            embed.chord = try SignatureCodec.signatures(object["chord"]).first
            return embed
        } catch {
            throw .invalidTask(error.description)
        }
    }
}
