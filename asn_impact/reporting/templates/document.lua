-- From the HTML page to a document: what pandoc drops or cannot know.
-- Pictures keep their alternative text in typst; findings, notes and the list of contents get their own look.

local function quoted(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"') .. '"'
end

function Image(image)
  if FORMAT == "typst" then
    local alt = pandoc.utils.stringify(image.caption)
    return pandoc.RawInline("typst", "#image(" .. quoted(image.src) .. ", width: 100%, alt: " .. quoted(alt) .. ")")
  end
  image.attributes.width = "100%"
  return image
end

function Div(div)
  if div.identifier == "contents" and FORMAT == "typst" then
    return pandoc.RawBlock("typst", "#outline(title: none, depth: 2)")
  end
  if div.identifier == "contents" then
    return {}
  end
  for _, name in ipairs({ "finding", "note", "byline" }) do
    if div.classes:includes(name) then
      if FORMAT == "typst" then
        local blocks = pandoc.List({ pandoc.RawBlock("typst", "#" .. name .. "[") })
        blocks:extend(div.content)
        blocks:insert(pandoc.RawBlock("typst", "]"))
        return blocks
      end
      div.attributes["custom-style"] = name:gsub("^%l", string.upper)
      return div
    end
  end
  if FORMAT == "typst" then
    return div.content -- a block around a whole section would keep it from flowing over pages
  end
  return div
end
